import { appendFileSync, chmodSync, existsSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { ActionStore } from '../../src/job/actions/store.ts';
import { fetchPolicyOf } from '../../src/job/fetch-policy.ts';
import type { JobContext } from '../../src/job/job-context.ts';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { ownTrust, unknownTrust } from '../../src/kernel/trust.ts';
import type { Credential } from '../../src/secrets/credential.ts';
import { attack } from '../support/attack.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { jobText, TestJobs } from '../support/job.ts';
import { TestRepository } from '../support/repository.ts';

const secret = 'TOP SECRET SOURCE\n';
const login: Credential = { kind: 'https', user: 'ada', password: 'secret' };

describe('a commit that names a repository without the right to read it', () => {
  const folders = new TestFolders();
  const jobs = new TestJobs();
  const home = process.env.HOME;
  let top: string;
  let mirrors: string;
  let server: GitOverHttp;
  let closed: TestRepository;

  beforeEach(async () => {
    top = realpathSync(folders.make());
    mirrors = folders.make();
    closed = repository('team/closed', { 'secret.txt': secret, 'action.yml': composite });
    server = await GitOverHttp.start(top, 'ada', 'secret');
    server.isOpen = (path) => path.startsWith('/team/open/');
  });

  afterEach(async () => {
    process.env.HOME = home;
    await server.stop();
    await jobs.clean();
  });

  after(() => {
    folders.remove();
    jobs.folders.remove();
  });

  const composite = 'runs: {using: composite, steps: [{run: cat "$GITHUB_ACTION_PATH/secret.txt", shell: sh}]}\n';

  function repository(name: string, files: Record<string, string>): TestRepository {
    const made = new TestRepository(files, { at: join(top, name) });
    made.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
    return made;
  }

  /** The attacker's commit: a submodule at that address. */
  function withSubmodule(url: string): TestRepository {
    const open = repository('team/open', { 'test.sh': '#!/bin/sh\ncat lib/secret.txt\n' });
    appendFileSync(join(open.path, '.gitmodules'), `[submodule "lib"]\n\tpath = lib\n\turl = ${url}\n`);
    open.git('add', '.gitmodules');
    open.git('update-index', '--add', '--cacheinfo', `160000,${closed.head()},lib`);
    open.git('commit', '--quiet', '--message', 'with a submodule');
    return open;
  }

  /** Its job, as the settings have it; on a branch of its own unless it is trusted. */
  async function run(
    open: TestRepository,
    {
      url = server.url('team/open'),
      steps = '- uses: actions/checkout@v4\n  with: { submodules: true }\n- run: cat lib/secret.txt',
      settings = {},
      trusted = false,
      credential,
    }: {
      url?: string;
      steps?: string;
      settings?: Partial<Config>;
      trusted?: boolean;
      credential?: Credential;
    } = {},
  ) {
    const config = { ...loadConfig(), actionsUrl: server.url(''), ...settings };
    const ref = trusted ? 'refs/heads/main' : 'refs/heads/evil';
    const trust = trusted ? ownTrust : unknownTrust(ref);
    const fetchPolicy = fetchPolicyOf(config, { repo: { name: 'app', url }, trust }, async () => credential);
    const actions = new ActionStore(folders.make(), config.actionsUrl, { fetchPolicy, limits: {} });
    const around: Partial<JobContext> = { mirrors, fetchPolicy, actions, credential: async () => credential };
    const shown: TestRepository = Object.assign(Object.create(open), { path: url, head: () => open.head() });
    const plan = jobs.plans(jobText(steps), shown).test;
    if (!plan) throw new Error('no plan');
    const job = jobs.start(plan, shown, around, { ref });
    const { outcome } = await job.ended;
    const seen = existsSync(join(job.workspace, 'lib/secret.txt')) || job.log().includes(secret.trim());
    return { outcome, log: job.log(), seen };
  }

  const about = { attacker: 'pusher to another branch', asset: 'private sources' } as const;

  attack({ ...about, title: 'cannot read a submodule from an existing mirror without its credential' }, async () => {
    const url = server.url('team/closed');
    await new Mirror(mirrors, url).fetch({ access: { url, credential: async () => login } });
    const { outcome, log, seen } = await run(withSubmodule(url));
    expect(seen, log).to.equal(false);
    expect(outcome.status, log).to.equal('error');
    const other =
      '- uses: actions/checkout@v4\n  with: { repository: team/closed, path: lib }\n- run: cat lib/secret.txt';
    const second = await run(withSubmodule(url), { steps: other });
    expect(second.seen, second.log).to.equal(false);
  });

  attack({ ...about, title: 'cannot fetch another repository with the credentials of the runner’s user' }, async () => {
    const user = folders.make();
    process.env.HOME = user;
    const { host } = new URL(server.url(''));
    writeFileSync(join(user, '.gitconfig'), '[credential]\n\thelper = store\n');
    writeFileSync(join(user, '.git-credentials'), `http://ada:secret@${host}\n`);
    writeFileSync(join(user, '.netrc'), 'machine 127.0.0.1 login ada password secret\n', { mode: 0o600 });
    const open = withSubmodule(server.url('team/closed'));
    const attempts = {
      submodule: undefined,
      checkout:
        '- uses: actions/checkout@v4\n  with: { repository: team/closed, path: lib }\n- run: cat lib/secret.txt',
      action: '- uses: team/closed@main',
    };
    for (const [attempt, steps] of Object.entries(attempts)) {
      const options = steps === undefined ? {} : { steps };
      const machineCredentials = '127.0.0.1/team';
      for (const trusted of [false, true]) {
        const { outcome, log, seen } = await run(open, { ...options, trusted });
        expect(seen, `${attempt}: ${log}`).to.equal(false);
        expect(outcome.status, `${attempt}: ${log}`).to.equal('error');
      }
      const branch = await run(open, { ...options, settings: { machineCredentials } });
      expect(branch.seen, `${attempt}: ${branch.log}`).to.equal(false);
      // a trusted ref gets the repository, so the attempts above would have worked
      const { log, seen } = await run(open, { ...options, trusted: true, settings: { machineCredentials } });
      expect(seen, `${attempt}: ${log}`).to.equal(true);
    }
  });

  attack({ ...about, title: 'cannot fetch another repository with the credential of its own repository' }, async () => {
    server.isOpen = () => false;
    const open = withSubmodule('../closed');
    const { log, seen } = await run(open, { credential: login, settings: { shareCredential: 'on' } });
    expect(seen, log).to.equal(false);
    const usual = await run(open, { credential: login, trusted: true });
    expect(usual.seen, usual.log).to.equal(false);
    const shared = await run(open, { credential: login, trusted: true, settings: { shareCredential: 'on' } });
    expect(shared.seen, shared.log).to.equal(true);
    // a repository fetched for a trusted ref is not available to an untrusted one
    const after = await run(open, { credential: login, settings: { shareCredential: 'on' } });
    expect(after.seen, after.log).to.equal(false);
  });

  attack({ ...about, title: 'cannot read a neighbouring repository at a path that only Volt may enter' }, async () => {
    chmodSync(closed.path, 0o700);
    const open = withSubmodule('../closed');
    const { outcome, log, seen } = await run(open, { url: open.path });
    expect(seen, log).to.equal(false);
    expect(outcome.status, log).to.equal('error');
    expect(log).to.include('VOLT_NEIGHBOURS');
    const named = await run(open, { url: open.path, settings: { neighbours: join(top, 'team') } });
    expect(named.seen, named.log).to.equal(true);
  });

  attack(
    {
      ...about,
      asset: 'the network',
      title: 'cannot make Volt contact a server on its machine, or any other while the network is off',
    },
    async () => {
      const inner = await GitOverHttp.start(top, 'ada', 'secret');
      const asked = () => inner.count.refused + inner.count.served;
      const open = withSubmodule(inner.url('exfil/value'));
      const lfs = repository('team/open/lfs', {
        'a.txt': 'a\n',
        '.lfsconfig': `[lfs]\n\turl = ${inner.url('exfil/lfs')}\n`,
      });
      lfs.commit('pointer', {
        '.gitattributes': '*.bin filter=lfs\n',
        'a.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 5\n`,
      });
      try {
        for (const sandboxNetwork of ['on', 'off', 'example.org']) {
          for (const trusted of [true, false]) {
            const { outcome, log } = await run(open, { settings: { sandboxNetwork }, trusted });
            expect(outcome.reason, log).to.equal('fetch_failed');
            await run(lfs, { url: server.url('team/open/lfs'), settings: { sandboxNetwork }, trusted });
            expect(asked()).to.equal(0);
          }
        }
      } finally {
        await inner.stop();
      }
    },
  );
});
