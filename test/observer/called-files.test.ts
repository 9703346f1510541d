import { rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchPolicyOf } from '../../src/job/fetch-policy.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { ownTrust } from '../../src/kernel/trust.ts';
import { type CalledSource, fetchCalled } from '../../src/observer/called-files.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

const call = (uses: string) => `jobs: { a: { uses: ${uses} } }`;
const path = '.github/workflows/test.yml';

describe('workflows that a commit calls in other repositories', () => {
  const folders = new TestFolders();
  const made: TestRepository[] = [];
  let baseUrl: string;
  let mirrors: string;

  beforeEach(() => {
    baseUrl = folders.make();
    mirrors = folders.make();
  });
  afterEach(() => {
    for (const repository of made.splice(0)) repository.remove();
  });
  after(folders.remove);

  function repository(name: string, files: { [path: string]: string }): TestRepository {
    const one = new TestRepository(files, { at: join(baseUrl, name) });
    made.push(one);
    return one;
  }

  function placeAt(base: string, change: Partial<CalledSource> = {}): CalledSource {
    const url = join(base, 'acme', 'app');
    const config = loadConfig({ actionsUrl: base });
    const fetchPolicy = fetchPolicyOf(config, { repo: { name: 'app', url }, trust: ownTrust }, async () => undefined);
    return {
      mirrors,
      baseUrl: base,
      url,
      fetchPolicy,
      limits: {},
      times: { patience: 20_000, pauses: [1, 1] },
      ...change,
    };
  }
  const fetched = (texts: string[], room = 100_000) => fetchCalled(placeAt(baseUrl), texts, room);

  it('are fetched at the commit of a tag, a branch or an id, with those that they call', async () => {
    const ci = repository('acme/ci', {
      [path]: call('./.github/workflows/own.yml'),
      '.github/workflows/own.yml': 'own',
      x: 'x',
    });
    ci.git('tag', 'v1');
    const tagged = ci.head();
    ci.git('checkout', '--quiet', '-b', 'next');
    const next = ci.commit('next', { [path]: call('other/ci/.github/workflows/test.yml@main') });
    const other = repository('other/ci', { [path]: 'deep' });
    const texts = [
      call(`acme/ci/${path}@v1`),
      call(`Acme/CI/${path}@v1`),
      call(`acme/ci/${path}@next`),
      `# acme/ci/${path}@${tagged}`,
    ];
    const about = { repository: 'acme/ci', inherits: true };
    const own = { path: '.github/workflows/own.yml', text: 'own' };
    const first = { path, text: call('./.github/workflows/own.yml') };
    expect(await fetched(texts)).to.deep.equal([
      { ...about, ref: 'v1', sha: tagged, files: [first, own] },
      { ...about, ref: 'next', sha: next, files: [{ path, text: call(`other/ci/${path}@main`) }] },
      { ...about, ref: tagged, sha: tagged, files: [first, own] },
      { repository: 'other/ci', inherits: false, ref: 'main', sha: other.head(), files: [{ path, text: 'deep' }] },
    ]);
  });

  it('need no network where a commit id names them and they were fetched before', async () => {
    const ci = repository('acme/ci', { [path]: 'text' });
    const sha = ci.head();
    await fetched([call(`acme/ci/${path}@${sha}`)]);
    rmSync(ci.path, { recursive: true });
    const [again] = await fetched([call(`acme/ci/${path}@${sha}`)]);
    expect(again).to.deep.include({ sha, files: [{ path, text: 'text' }] });
  });

  it('that cannot be fetched say why, and the others are fetched', async () => {
    repository('acme/ci', { [path]: 'text' });
    const texts = [`acme/none/${path}@v1`, `acme/ci/${path}@v9`, `acme/ci/${path}@main`, `../etc/${path}@main`].map(
      call,
    );
    const [none, tagless, there, outside] = await fetched(texts);
    expect(none?.problem).to.match(/does not (appear to be a git repository|exist)/);
    expect(tagless?.problem).to.match(/acme\/ci has no branch or tag "v9"/);
    expect(there).to.deep.include({ files: [{ path, text: 'text' }] });
    // no name of a repository
    expect(outside).to.equal(undefined);
    for (const one of [none, tagless]) expect(one).to.deep.include({ sha: null, files: [] });
  });

  it('may have any characters in their names', async () => {
    const paths = ['build-and-test.yml', 'a+b(c).yml', 'größe.yml'].map((name) => `.github/workflows/${name}`);
    repository('acme/ci', {
      ...Object.fromEntries(paths.map((one) => [one, 'text'])),
      '.github/workflows/aab.yml': 'x',
    });
    const [one] = await fetched([paths.map((each) => call(`acme/ci/${each}@main`)).join('\n')]);
    expect(one?.problem).to.equal(undefined);
    expect(one?.files.map((file) => file.path)).to.have.members(paths);
  });

  it('are limited in number and size', async () => {
    repository('acme/ci', { [path]: 'x'.repeat(1000), '.github/workflows/b.yml': 'y'.repeat(1000) });
    const [one] = await fetched([call(`acme/ci/${path}@main`), call('acme/ci/.github/workflows/b.yml@main')], 1500);
    expect(one?.files.map(({ text }) => text?.length ?? null)).to.have.members([1000, null]);
    const many = Array.from({ length: 30 }, (_, index) => call(`acme/none/${path}@v${index}`));
    expect(await fetched([many.join('\n')])).to.have.length(20);
    const files = Array.from({ length: 80 }, (_, index) => call(`acme/ci/.github/workflows/${index}.yml@main`));
    expect(await fetched([files.join('\n')])).to.deep.equal([
      { repository: 'acme/ci', ref: 'main', sha: made[0]?.head(), inherits: true, files: [] },
    ]);
  });

  describe('of a server that does not answer', () => {
    let server: Server;
    const sockets = new Set<Socket>();
    before((done) => {
      server = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1', done);
    });
    after((done) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => done());
    });
    const silent = () => `git://127.0.0.1:${(server.address() as AddressInfo).port}`;

    it('are given up after a time', async () => {
      const place = placeAt(silent(), { times: { patience: 300, pauses: [1, 1] } });
      const [one] = await fetchCalled(place, [call(`acme/ci/${path}@v1`)], 1000);
      expect(one).to.deep.include({ sha: null, files: [] });
      expect(one?.problem).to.match(/Volt gave up after 0.3 s/);
    });
  });
});
