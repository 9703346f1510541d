import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { addRepository } from '../../src/observer/add.ts';
import { Poller } from '../../src/observer/poller.ts';
import { listRepositories } from '../../src/record/repositories.ts';
import { volt } from '../support/cli.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { GitOverSsh, hasSshd } from '../support/git-over-ssh.ts';
import { TestRepository } from '../support/repository.ts';
import { Site } from '../web/site.ts';

describe('volt credential', () => {
  let site: Site;
  let repository: TestRepository;
  before(async () => {
    site = await Site.start();
    site.context.logger.silent = true;
    repository = new TestRepository({ 'a.txt': 'a\n' });
  });
  after(async () => {
    await site.stop();
    repository.remove();
  });

  const run = (args: string[], input?: string) =>
    volt(['credential', ...args, '--data', site.context.config.dataDir], input === undefined ? {} : { input });
  const observe = (url: string, name: string) =>
    addRepository(site.context, { url, name, branches: [], pollSeconds: 3600, commits: 'every', command: null });
  /** The result of a poll of the repository. */
  const look = async (name: string) => {
    await new Poller(site.context).poll(name);
    const all = await listRepositories(site.context.database);
    return all.find((each) => each.name === name)?.error?.code ?? 'ok';
  };

  it('stores the password of a repository and never shows it', async () => {
    const server = await GitOverHttp.start(dirname(repository.path), 'ada', 'canary-password');
    try {
      await observe(server.url(`${basename(repository.path)}/.git`), 'web');
      expect(await look('web')).to.equal('fetch_failed');
      const set = await run(['set', 'web', '--https', '--user', 'ada'], 'canary-password\n');
      expect(set, set.stderr).to.include({ code: 0 });
      expect(await look('web')).to.equal('ok');
      const shown = [set, await run(['ls']), await run(['ls', '--json'])].map(({ stdout }) => stdout).join('');
      expect(shown).to.include('ada').and.not.include('canary');
      expect((await run(['rm', 'web'])).code).to.equal(0);
      expect(await look('web')).to.equal('fetch_failed');
    } finally {
      await server.stop();
    }
  });

  it('creates a deploy key and trusts the host keys that the server shows', async function () {
    if (!hasSshd()) return this.skip();
    const server = await GitOverSsh.start();
    try {
      await observe(server.url(repository.path), 'shell');
      const set = await run(['set', 'shell', '--ssh']);
      expect(set, set.stderr).to.include({ code: 0 });
      const publicKey = /^ {2}(ssh-ed25519 \S+ volt shell)$/m.exec(set.stdout)?.[1];
      expect(set.stdout).to.match(/^ {2}ED25519 SHA256:\S+$/m);
      expect(await look('shell')).to.equal('fetch_failed');
      server.allow(String(publicKey));
      expect(await look('shell')).to.equal('ok');
      expect((await run(['ls'])).stdout).to.include(publicKey);
    } finally {
      await server.stop();
    }
  });

  it('refuses several kinds of credentials at once and unreadable files', async () => {
    for (const options of [[], ['--ssh', '--https'], ['--ssh', '--key', join(repository.path, 'none')]]) {
      const { code, stderr } = await run(['set', 'shell', ...options]);
      expect(code, options.join(' ')).to.equal(2);
      expect(stderr).to.match(/^error usage: /);
    }
  });
});
