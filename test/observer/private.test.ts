import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { addRepository } from '../../src/observer/add.ts';
import { Poller } from '../../src/observer/poller.ts';
import { findCredential, listCredentials, setCredential } from '../../src/record/credentials.ts';
import { listRepositories } from '../../src/record/repositories.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { TestRepository } from '../support/repository.ts';
import { TestVolt } from '../support/volt.ts';

describe('polling a private repository', () => {
  let volt: TestVolt;
  let repository: TestRepository;
  let server: GitOverHttp;
  let path: string;

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    repository = new TestRepository({ 'a.txt': 'a\n' }, { name: 'app' });
    path = `${basename(repository.path)}/.git`;
    server = await GitOverHttp.start(dirname(repository.path), 'ada', 'canary-password');
  });

  after(async () => {
    await server.stop();
    repository.remove();
    await volt.stop();
  });

  const add = (url: string, name: string) =>
    addRepository(volt.context, { url, name, branches: [], pollSeconds: 3600, commits: 'every', command: null });
  const state = async (name: string) => {
    const repositories = await listRepositories(volt.context.database);
    return repositories.find((each) => each.name === name);
  };
  const offered = async () =>
    (await volt.context.queues.queue('commits').getWaiting()).map(({ data }) => [data.repo, data.sha]);

  it('works with a password that was in its URL, and keeps that nowhere in plain text', async () => {
    const added = await add(server.url(path, 'ada:canary-password'), 'inurl');
    expect(added.url).to.equal(server.url(path));
    await new Poller(volt.context).poll('inurl');
    expect((await state('inurl'))?.error).to.equal(null);
    expect(await offered()).to.deep.include(['inurl', repository.head()]);
    const [credential] = await listCredentials(volt.context.database);
    expect(credential).to.include({ repo: 'inurl', kind: 'https', user: 'ada' });
    const files = readdirSync(volt.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).to.include.members(['volt.db', 'secrets.key']);
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name)).includes('canary-password'), name).to.equal(false);
  });

  it('fails without its credential, says how to set one, and works once it is set', async () => {
    await add(server.url(path).replace('127.0.0.1', 'localhost'), 'bare');
    const poller = new Poller(volt.context);
    await poller.poll('bare');
    const error = (await state('bare'))?.error;
    expect(error?.code).to.equal('fetch_failed');
    expect(error?.remedy).to.include('volt credential set');
    await setCredential(volt.context.database, volt.context.config, 'bare', {
      shown: { kind: 'https', user: 'ada', publicKey: null, hostKeys: [] },
      credential: { kind: 'https', user: 'ada', password: 'canary-password' },
    });
    await poller.poll('bare');
    expect((await state('bare'))?.error).to.equal(null);
    expect(await offered()).to.deep.include(['bare', repository.head()]);
  });

  it('goes on with a new password that is given in the URL again', async () => {
    await add(server.url(path, 'ada:other'), 'inurl');
    const { database, config } = volt.context;
    expect(await findCredential(database, config, 'inurl')).to.include({ password: 'other' });
  });
});
