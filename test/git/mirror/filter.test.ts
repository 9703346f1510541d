import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { makeDeployKey } from '../../../src/git/access/deploy-key.ts';
import { checkOut } from '../../../src/git/checkout.ts';
import { filesIn } from '../../../src/git/commit-files.ts';
import { limitHistory } from '../../../src/git/limit-history.ts';
import { Mirror } from '../../../src/git/mirror/mirror.ts';
import { mirrorFault } from '../../../src/git/mirror/prune.ts';
import { TestFolders } from '../../support/folder.ts';
import { GitOverHttp } from '../../support/git-over-http.ts';
import { GitOverSsh, hasSshd } from '../../support/git-over-ssh.ts';
import { TestRepository } from '../../support/repository.ts';

const main = 'refs/heads/main';
/** A server of this protocol version serves only listed refs, and no other object by its id. */
const oldProtocol = { config: [['protocol.version', '0']] } as const;
const noFiles = { filter: 'blob:none' };

describe('a mirror with a filter', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let first: string;

  beforeEach(() => {
    repository = new TestRepository({ 'a.txt': 'a\n', '.volt/workflows/ci.yml': 'on: push\n' });
    repository.git('config', 'uploadpack.allowFilter', 'true');
    first = repository.head();
  });

  afterEach(() => repository.remove());

  after(folders.remove);

  const address = () => `file://${repository.path}`;
  const mirrorOf = (url = address()) => new Mirror(folders.make(), url, noFiles);
  const heads = () => new Map([[main, repository.head()]]);
  const inside = (folder: string, ...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const content = (mirror: Mirror, path: string) =>
    execFileSync('git', ['--git-dir', mirror.path, 'cat-file', 'blob', `${main}:${path}`], {
      encoding: 'utf8',
      env: { ...process.env, GIT_NO_LAZY_FETCH: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it('fetches the files of a commit in one request when that commit is required', async () => {
    const server = await GitOverHttp.start(dirname(repository.path), 'ada', 'secret');
    const names = Array.from({ length: 50 }, (_, index) => `f${index}.txt`);
    repository.commit('many', Object.fromEntries(names.map((name) => [name, name])));
    const url = server.url('sample/.git');
    const access = { url, credential: async () => ({ kind: 'https' as const, user: 'ada', password: 'secret' }) };
    const mirror = mirrorOf(url);
    await mirror.follow(heads(), { access });
    expect(() => content(mirror, 'f1.txt')).to.throw();
    expect(await mirror.missingFiles([repository.head()])).to.have.length(52);
    const { served } = server.count;
    await mirror.require(repository.head(), { access });
    // capabilities and objects
    expect(server.count.served - served).to.equal(2);
    expect(content(mirror, 'f1.txt')).to.equal('f1.txt');
    await server.stop();
    const folder = join(folders.make(), 'job');
    await checkOut(mirror, { url, ref: main, sha: repository.head(), folder }, { access });
    expect(readFileSync(join(folder, 'f49.txt'), 'utf8')).to.equal('f49.txt');
    expect(inside(folder, 'status', '--porcelain')).to.equal('');
    expect(await mirrorFault(mirror.path)).to.equal(undefined);
  });

  it('fetches the workflow files of a commit without its other files', async () => {
    const mirror = mirrorOf();
    await mirror.requireCommit(first);
    await mirror.requireFolders(first, ['.volt/workflows', '.github/workflows']);
    const bounds = { file: 1000, total: 1000, files: 10 };
    const files = await filesIn(mirror.path, first, ['.volt/workflows', '.github/workflows'], /yml$/, bounds);
    expect(files).to.deep.equal([{ path: '.volt/workflows/ci.yml', text: 'on: push\n' }]);
    expect(() => content(mirror, 'a.txt')).to.throw();
  });

  for (const [depth, count] of [
    [0, '4'],
    [2, '2'],
  ] as const) {
    it(`gives a checkout the history of fetch-depth ${depth}, and git fetches older files on demand`, async () => {
      for (const text of ['b', 'c', 'd']) repository.commit(text, { 'a.txt': text });
      const sha = repository.head();
      const mirror = mirrorOf();
      const folder = join(folders.make(), 'job');
      await checkOut(mirror, { url: address(), ref: main, sha, folder });
      await limitHistory(mirror, { folder, sha, depth, tags: false });
      expect(inside(folder, 'rev-list', '--count', 'HEAD')).to.equal(count);
      expect(inside(folder, 'show', 'HEAD:a.txt')).to.equal('d');
      expect(inside(folder, 'show', 'HEAD~1:a.txt')).to.equal('c');
    });
  }

  it('has all files if the server supports no filters, with one warning', async () => {
    repository.git('config', 'uploadpack.allowFilter', 'false');
    const notices: string[] = [];
    const mirror = mirrorOf();
    for (let round = 1; round <= 2; round++) {
      repository.commit('next', { 'a.txt': String(round) });
      await mirror.follow(heads(), { notice: (text) => notices.push(text) });
      expect(content(mirror, 'a.txt')).to.equal(String(round));
    }
    expect(notices).to.deep.equal(['its server does not support filters, so all files are fetched']);
  });

  it('has all files if the server does not serve objects by id', async () => {
    const notices: string[] = [];
    const mirror = mirrorOf();
    await mirror.require(first, { ...oldProtocol, notice: (text) => notices.push(text) });
    expect(content(mirror, 'a.txt')).to.equal('a\n');
    expect(notices).to.have.length(1);
  });

  it('has the files of all later commits after the filter was removed', async () => {
    const folder = folders.make();
    await new Mirror(folder, address(), noFiles).follow(heads());
    repository.commit('next', { 'b.txt': 'b\n' });
    const mirror = new Mirror(folder, address());
    await mirror.fetch();
    expect(content(mirror, 'b.txt')).to.equal('b\n');
    await mirror.require(first);
    expect(content(mirror, 'a.txt')).to.equal('a\n');
  });

  it('works over ssh', async function () {
    if (!hasSshd()) this.skip();
    const server = await GitOverSsh.start();
    const key = await makeDeployKey('volt');
    server.allow(key.publicKey);
    const url = server.url(repository.path);
    const credential = { kind: 'ssh' as const, privateKey: key.privateKey, knownHosts: server.knownHosts() };
    const access = { url, credential: async () => credential };
    const folder = join(folders.make(), 'job');
    await checkOut(mirrorOf(url), { url, ref: main, sha: first, folder }, { access });
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).to.equal('a\n');
    await server.stop();
  });

  describe('made with limited history by an older Volt', () => {
    /** A mirror of an older Volt: the newest commit of a branch, and a mark. */
    function cutShort(options = {}): Mirror {
      const mirror = new Mirror(folders.make(), address(), options);
      execFileSync('git', ['init', '--quiet', '--bare', mirror.path]);
      const newest = ['fetch', '--quiet', '--depth=1', address(), `+${main}:${main}`];
      execFileSync('git', ['--git-dir', mirror.path, ...newest]);
      writeFileSync(join(mirror.path, 'volt-short'), '');
      return mirror;
    }
    const count = (mirror: Mirror) => inside(mirror.path, 'rev-list', '--count', main);

    it('has the whole history after one of its commits is required', async () => {
      repository.burst(20);
      for (const options of [{}, noFiles]) {
        const mirror = cutShort(options);
        expect(count(mirror)).to.equal('1');
        const folder = join(folders.make(), 'job');
        await checkOut(mirror, { url: address(), ref: main, sha: repository.head(), folder });
        expect(count(mirror)).to.equal('21');
        expect(inside(folder, 'rev-list', '--count', 'HEAD')).to.equal('21');
      }
    });

    it('has the whole history after its refs are updated', async () => {
      repository.burst(20);
      const mirror = cutShort();
      await mirror.follow(heads());
      expect(count(mirror)).to.equal('21');
    });
  });
});
