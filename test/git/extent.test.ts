import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { checkOut } from '../../src/git/checkout.ts';
import { makeDeployKey } from '../../src/git/deploy-key.ts';
import type { Extent } from '../../src/git/extent.ts';
import { filesIn } from '../../src/git/files.ts';
import { limitHistory } from '../../src/git/history.ts';
import { Mirror } from '../../src/git/mirror.ts';
import { mirrorFault } from '../../src/git/mirrors.ts';
import { git } from '../../src/git/run.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { GitOverSsh, hasSshd } from '../support/git-over-ssh.ts';
import { TestRepository } from '../support/repository.ts';

const main = 'refs/heads/main';
/** A server of this protocol gives nothing by its id that it does not list. */
const old = { config: [['protocol.version', '0']] } as const;

describe('how much a mirror takes', () => {
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

  const mirrorOf = (extent: Extent, url = `file://${repository.path}`) => new Mirror(folders.make(), url, extent);
  const move = (before?: string) => new Map([[main, { head: repository.head(), before }]]);
  const count = (mirror: Mirror, ...revisions: string[]) =>
    Number(execFileSync('git', ['--git-dir', mirror.path, 'rev-list', '--count', ...revisions], { encoding: 'utf8' }));
  const place = () => join(folders.make(), 'job');
  const inside = (folder: string, ...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

  describe('of history', () => {
    it('is so many commits of a ref at first, and then all that comes', async () => {
      repository.burst(60);
      const mirror = mirrorOf({ depth: 3 });
      await mirror.follow(move(), 100);
      expect(count(mirror, '--all')).to.equal(3);
      const before = repository.head();
      const added = repository.burst(20);
      await mirror.follow(move(before), 100);
      const { commits, jumped, passedOver } = await mirror.newCommits(before, repository.head(), 100);
      expect(commits).to.deep.equal(added);
      expect({ jumped, passedOver }).to.deep.equal({ jumped: false, passedOver: 0 });
      expect(await mirror.has(first)).to.equal(false);
    });

    it('is deepened no further than is asked for: what comes after that is the newest alone', async () => {
      repository.burst(5);
      const mirror = mirrorOf({ depth: 2 });
      await mirror.follow(move(), 10);
      const before = repository.head();
      repository.burst(30);
      await mirror.follow(move(before), 10);
      const { commits, jumped } = await mirror.newCommits(before, repository.head(), 100);
      expect(commits).to.deep.equal([repository.head()]);
      expect(jumped).to.equal(true);
      expect(count(mirror, main)).to.equal(10);
    });

    it('shows what is new after a forced push, where the two histories parted not long ago', async () => {
      const [, , , third = '', fourth = ''] = repository.burst(5);
      const mirror = mirrorOf({ depth: 3 });
      await mirror.follow(move(), 20);
      repository.git('reset', '--quiet', '--hard', third);
      const added = repository.commit('another way');
      await mirror.follow(move(fourth), 20);
      const { commits, jumped } = await mirror.newCommits(fourth, added, 20);
      expect(commits).to.deep.equal([added]);
      expect(jumped).to.equal(true);
    });

    it('is that of a commit which is asked for by its id', async () => {
      const burst = repository.burst(20);
      const mirror = mirrorOf({ depth: 2 });
      await mirror.require(burst[9] as string);
      expect(count(mirror, burst[9] as string)).to.equal(2);
      await mirror.require(burst[15] as string);
      expect(count(mirror, burst[15] as string)).to.equal(2);
      await failure('commit_missing', () => mirror.require('d'.repeat(40)));
      expect(await mirror.has(repository.head()), 'nothing else was fetched').to.equal(false);
    });

    it('grows where a server gives nothing by its id, to the whole where it must', async () => {
      const burst = repository.burst(40);
      const mirror = mirrorOf({ depth: 2 });
      await mirror.require(burst[30] as string, old);
      expect(count(mirror, main)).to.equal(20);
      const lost = repository.commit('lost');
      repository.commit('beyond');
      repository.git('tag', 'kept');
      repository.git('reset', '--quiet', '--hard', burst[39] as string);
      await mirror.require(lost, old);
      expect(await mirror.has(first)).to.equal(true);
      await mirror.fetch();
      expect(count(mirror, main), 'and stays whole').to.equal(41);
    });

    it('is whole where a workflow wants that, and deeper where it wants so much', async () => {
      repository.git('tag', 'v1');
      repository.burst(20);
      const sha = repository.head();
      const mirror = mirrorOf({ depth: 2 });
      for (const [depth, tags, seen, tag] of [
        [5, false, 5, ''],
        [1, true, 1, 'v1'],
        [0, true, 21, 'v1'],
      ] as const) {
        const folder = place();
        await mirror.requireHistory(sha, depth, tags);
        await checkOut(mirror, { url: '', ref: main, sha, folder });
        await limitHistory(mirror, { folder, sha, depth, tags });
        expect(inside(folder, 'rev-list', '--count', 'HEAD'), `depth ${depth}`).to.equal(String(seen));
        expect(inside(folder, 'tag'), `depth ${depth}`).to.equal(tag);
      }
    });

    it('of one ref is not cut where another one is fetched', async () => {
      const start = repository.head();
      repository.git('checkout', '--quiet', '-b', 'topic');
      for (let index = 1; index <= 9; index++) repository.commit(`topic ${index}`);
      const forked = repository.head();
      const mirror = mirrorOf({ depth: 1 });
      const topic = 'refs/heads/topic';
      const at = new Map([
        [main, { head: start }],
        [topic, { head: forked }],
      ]);
      await mirror.follow(at, 100);
      repository.git('branch', '--force', 'main', forked);
      const ahead = repository.commit('ahead');
      const moved = new Map([
        [main, { head: forked, before: start }],
        [topic, { head: ahead, before: forked }],
      ]);
      await mirror.follow(moved, 100);
      const { commits, jumped } = await mirror.newCommits(start, forked, 100);
      expect(commits).to.have.length(9);
      expect(jumped).to.equal(false);
      expect(await mirror.newCommits(forked, ahead, 100)).to.deep.include({ jumped: false });
    });

    it('is never less for whoever reads it while something else is fetched', async () => {
      const burst = repository.burst(30);
      repository.git('tag', 'v1', burst[20] as string);
      const sha = repository.head();
      const mirror = mirrorOf({ depth: 20 });
      await mirror.follow(move(), 100);
      let over = false;
      const reading = (async () => {
        let least = Number.POSITIVE_INFINITY;
        while (!over) least = Math.min(least, Number(await git(mirror.path, ['rev-list', '--count', sha])));
        return least;
      })();
      try {
        await mirror.requireHistory(sha, 1, true);
        await new Mirror(dirname(mirror.path), `file://${repository.path}`, { depth: 3 }).require(burst[5] as string);
        await mirror.find('v1');
      } finally {
        over = true;
      }
      expect(await reading).to.equal(20);
      expect(count(mirror, sha)).to.equal(29);
    });

    it('takes no more of a branch that is merged than it needs to be joined', async () => {
      const burst = repository.burst(60);
      const mirror = mirrorOf({ depth: 1 });
      await mirror.follow(move(), 100);
      repository.git('checkout', '--quiet', '-b', 'topic', burst[57] as string);
      repository.commit('topic');
      repository.git('checkout', '--quiet', 'main');
      repository.git('reset', '--quiet', '--hard');
      repository.git('merge', '--quiet', '--no-ff', '--message', 'merged', 'topic');
      await mirror.follow(move(burst[59]), 100);
      const { commits, jumped } = await mirror.newCommits(burst[59] as string, repository.head(), 100);
      expect(commits).to.deep.equal([repository.head()]);
      expect(jumped).to.equal(false);
      expect(await mirror.has(burst[40] as string)).to.equal(false);
    });

    it('is whole along first parents where a branch comes to stand above what it has merged', async () => {
      const mirror = mirrorOf({ depth: 1 });
      const start = repository.head();
      repository.git('checkout', '--quiet', '-b', 'topic');
      for (let index = 1; index <= 9; index++) repository.commit(`topic ${index}`);
      repository.git('checkout', '--quiet', 'main');
      const before = repository.commit('on main');
      await mirror.follow(move(), 100);
      repository.git('checkout', '--quiet', 'topic');
      repository.git('merge', '--quiet', '--no-ff', '--message', 'merged', 'main');
      repository.git('branch', '--force', 'main', 'topic');
      await mirror.follow(move(before), 100);
      const { commits } = await mirror.newCommits(before, repository.head(), 100);
      expect(commits).to.have.length(10);
      expect(await mirror.isAncestor(start, before)).to.equal(true);
    });

    it('loses no ref to the user who has git prune', async () => {
      const config = [['fetch.prune', 'true']] as const;
      const mirror = mirrorOf({ depth: 1 });
      repository.git('branch', 'side');
      await mirror.find('side', { config });
      await mirror.find('main', { config });
      expect(await mirror.resolve('side')).to.deep.equal({ ref: 'refs/heads/side', sha: first });
    });

    it('reaches as far back as a workflow wants from a commit that was not the last one', async () => {
      repository.burst(20);
      const mirror = mirrorOf({ depth: 10 });
      await mirror.follow(move(), 100);
      const before = repository.head();
      const [sha = ''] = repository.burst(5);
      await mirror.follow(move(before), 100);
      for (const options of [{}, old]) {
        const folder = place();
        await mirror.requireHistory(sha, 10, false, options);
        await checkOut(mirror, { url: '', ref: main, sha, folder });
        await limitHistory(mirror, { folder, sha, depth: 10, tags: false });
        expect(inside(folder, 'rev-list', '--count', 'HEAD')).to.equal('10');
      }
    });

    it('is as long as a workflow wants also where it wants tags, whatever they name', async () => {
      const burst = repository.burst(20);
      const sha = burst[12] as string;
      repository.git('tag', 'ahead', burst[16] as string);
      const mirror = mirrorOf({ depth: 2 });
      for (const [depth, seen] of [
        [6, 6],
        [1, 1],
      ] as const) {
        const folder = place();
        await mirror.requireHistory(sha, depth, true);
        await checkOut(mirror, { url: '', ref: main, sha, folder });
        await limitHistory(mirror, { folder, sha, depth, tags: true });
        expect(inside(folder, 'rev-list', '--count', 'HEAD')).to.equal(String(seen));
        expect(inside(folder, 'tag')).to.equal('ahead');
      }
    });

    it('is not asked for again where it is there', async () => {
      const burst = repository.burst(20);
      const folder = folders.make();
      const url = `file://${repository.path}`;
      await new Mirror(folder, url, { depth: 12 }).follow(move(), 100);
      repository.git('checkout', '--quiet', '-b', 'topic', burst[5] as string);
      repository.commit('topic');
      repository.git('checkout', '--quiet', 'main');
      repository.git('reset', '--quiet', '--hard');
      repository.git('merge', '--quiet', '--no-ff', '--message', 'merged', 'topic');
      const mirror = new Mirror(folder, url, { depth: 1 });
      await mirror.follow(move(burst[19]), 100);
      const sha = repository.head();
      renameSync(repository.path, `${repository.path}.gone`);
      await mirror.requireHistory(sha, 4, false);
      // main goes on for long, but not the branch that was merged
      await failure('fetch_failed', () => mirror.requireHistory(sha, 5, false));
      renameSync(`${repository.path}.gone`, repository.path);
    });

    it('ends in a checkout where it ends in the mirror', async () => {
      repository.burst(20);
      const mirror = mirrorOf({ depth: 3 });
      const folder = place();
      await checkOut(mirror, { url: '', ref: main, sha: repository.head(), folder });
      expect(inside(folder, 'log', '--format=%s').split('\n')).to.deep.equal(['burst 20', 'burst 19', 'burst 18']);
      expect(inside(folder, 'status', '--porcelain')).to.equal('');
      expect(inside(folder, 'fsck', '--connectivity-only')).to.equal('');
    });

    it('finds what a person means, and nothing else', async () => {
      const burst = repository.burst(20);
      repository.git('branch', 'side', burst[3] as string);
      repository.git('tag', '--annotate', '--message', 'x', 'v1', burst[5] as string);
      const mirror = mirrorOf({ depth: 1 });
      await mirror.fetch();
      expect(mirror.isThere, 'nobody has asked for anything').to.equal(false);
      for (const [name, target] of [
        ['side', { ref: 'refs/heads/side', sha: burst[3] }],
        ['v1', { ref: 'refs/tags/v1', sha: burst[5] }],
        [burst[7], { ref: burst[7], sha: burst[7] }],
        ['refs/heads/main', { ref: main, sha: burst[19] }],
      ] as const)
        expect(await mirror.find(name as string), name).to.deep.equal(target);
      expect(count(mirror, '--all')).to.equal(4);
      await failure('commit_missing', () => mirror.find('gone'));
      await failure('bad_ref', () => mirror.find('--all'));
    });

    it('follows a branch that was made below the name of one that was deleted', async () => {
      repository.git('branch', 'topic');
      const mirror = mirrorOf({ depth: 1 });
      await mirror.find('topic');
      repository.git('branch', '-D', '--quiet', 'topic');
      repository.git('branch', 'topic/below');
      expect(await mirror.find('topic/below')).to.deep.equal({ ref: 'refs/heads/topic/below', sha: first });
    });

    it('stays whole where it was, and becomes so where no depth is set any more', async () => {
      repository.burst(20);
      const folder = folders.make();
      const url = `file://${repository.path}`;
      await new Mirror(folder, url).fetch();
      await new Mirror(folder, url, { depth: 1 }).follow(move(), 10);
      expect(count(new Mirror(folder, url), main)).to.equal(21);
      const other = folders.make();
      await new Mirror(other, url, { depth: 1 }).follow(move(), 10);
      expect(count(new Mirror(other, url), main)).to.equal(1);
      await new Mirror(other, url).fetch();
      expect(count(new Mirror(other, url), main)).to.equal(21);
    });

    it('is all of it where the server can do no other, which is said once', async () => {
      repository.burst(5);
      repository.git('update-server-info');
      const server = await serveFiles(join(repository.path, '.git'));
      const notices: string[] = [];
      const mirror = mirrorOf({ depth: 1 }, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      for (let look = 1; look <= 2; look++) await mirror.follow(move(), 10, { notice: (text) => notices.push(text) });
      expect(count(mirror, main)).to.equal(6);
      expect(notices).to.deep.equal(['its server has no shallow fetches, so all of the history is fetched']);
      server.close();
    });
  });

  describe('of files', () => {
    const content = (mirror: Mirror, path: string) =>
      execFileSync('git', ['--git-dir', mirror.path, 'cat-file', 'blob', `${main}:${path}`], {
        encoding: 'utf8',
        env: { ...process.env, GIT_NO_LAZY_FETCH: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });

    it('is none until a commit is required, and then those of that commit at once', async () => {
      const server = await GitOverHttp.start(dirname(repository.path), 'ada', 'secret');
      const names = Array.from({ length: 50 }, (_, index) => `f${index}.txt`);
      repository.commit('many', Object.fromEntries(names.map((name) => [name, name])));
      const url = server.url('sample/.git');
      const access = { url, credential: async () => ({ kind: 'https' as const, user: 'ada', password: 'secret' }) };
      const mirror = mirrorOf({ filter: 'blob:none' }, url);
      await mirror.follow(move(), 10, { access });
      expect(() => content(mirror, 'f1.txt')).to.throw();
      expect(await mirror.missingFiles([repository.head()])).to.have.length(52);
      const { served } = server.count;
      await mirror.require(repository.head(), { access });
      // capabilities and objects
      expect(server.count.served - served).to.equal(2);
      expect(content(mirror, 'f1.txt')).to.equal('f1.txt');
      await server.stop();
      const folder = place();
      await checkOut(mirror, { url, ref: main, sha: repository.head(), folder }, { access });
      expect(readFileSync(join(folder, 'f49.txt'), 'utf8')).to.equal('f49.txt');
      expect(inside(folder, 'status', '--porcelain')).to.equal('');
      expect(await mirrorFault(mirror.path)).to.equal(undefined);
    });

    it('lets workflows be read without the rest', async () => {
      const mirror = mirrorOf({ filter: 'blob:none', depth: 1 });
      await mirror.follow(move(), 10);
      await mirror.requireFolders(first, ['.volt/workflows', '.github/workflows']);
      const bounds = { file: 1000, total: 1000, files: 10 };
      const files = await filesIn(mirror.path, first, ['.volt/workflows', '.github/workflows'], /yml$/, bounds);
      expect(files).to.deep.equal([{ path: '.volt/workflows/ci.yml', text: 'on: push\n' }]);
      expect(() => content(mirror, 'a.txt')).to.throw();
    });

    it('lets history be deepened in a checkout, whose files are those of its commit', async () => {
      for (const text of ['b', 'c', 'd']) repository.commit(text, { 'a.txt': text });
      const sha = repository.head();
      for (const depth of [0, 2]) {
        const mirror = mirrorOf({ filter: 'blob:none', depth: 1 });
        const folder = place();
        await mirror.requireHistory(sha, depth, false);
        await checkOut(mirror, { url: `file://${repository.path}`, ref: main, sha, folder });
        await limitHistory(mirror, { folder, sha, depth, tags: false });
        expect(inside(folder, 'rev-list', '--count', 'HEAD')).to.equal(depth === 0 ? '4' : '2');
        expect(inside(folder, 'show', 'HEAD:a.txt')).to.equal('d');
        // git fetches itself what a step asks for beyond that
        expect(inside(folder, 'show', 'HEAD~1:a.txt')).to.equal('c');
      }
    });

    it('is all of them where the server takes no filter, which is said once', async () => {
      repository.git('config', 'uploadpack.allowFilter', 'false');
      const notices: string[] = [];
      const mirror = mirrorOf({ filter: 'blob:none' });
      for (let round = 1; round <= 2; round++) {
        const before = repository.head();
        repository.commit('next', { 'a.txt': String(round) });
        await mirror.follow(move(before), 10, { notice: (text) => notices.push(text) });
        expect(content(mirror, 'a.txt')).to.equal(String(round));
      }
      expect(notices).to.deep.equal(['its server takes no filters, so all files are fetched']);
    });

    it('is all of them where the server gives none by its id', async () => {
      const notices: string[] = [];
      const mirror = mirrorOf({ filter: 'blob:none' });
      await mirror.require(first, { ...old, notice: (text) => notices.push(text) });
      expect(content(mirror, 'a.txt')).to.equal('a\n');
      expect(notices).to.have.length(1);
    });

    it('is all of them again where no filter is set any more', async () => {
      const folder = folders.make();
      const url = `file://${repository.path}`;
      await new Mirror(folder, url, { filter: 'blob:none' }).follow(move(), 10);
      repository.commit('next', { 'b.txt': 'b\n' });
      const mirror = new Mirror(folder, url);
      await mirror.fetch();
      expect(content(mirror, 'b.txt')).to.equal('b\n');
      await mirror.require(first);
      expect(content(mirror, 'a.txt')).to.equal('a\n');
    });
  });

  it('is as much over ssh, whatever protocol that speaks', async function () {
    if (!hasSshd()) this.skip();
    const server = await GitOverSsh.start();
    const key = await makeDeployKey('volt');
    server.allow(key.publicKey);
    const burst = repository.burst(20);
    const url = server.url(repository.path);
    const credential = { kind: 'ssh' as const, privateKey: key.privateKey, knownHosts: server.knownHosts() };
    const access = { url, credential: async () => credential };
    const mirror = mirrorOf({ depth: 2, filter: 'blob:none' }, url);
    const folder = place();
    const sha = burst[17] as string;
    await checkOut(mirror, { url, ref: main, sha, folder }, { access });
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).to.equal('a\n');
    expect(await mirror.has(first)).to.equal(false);
    await server.stop();
  });
});

/** A server that knows nothing of git, as one may be that only serves files. */
async function serveFiles(top: string): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    try {
      response.end(readFileSync(join(top, pathname)));
    } catch {
      response.writeHead(404).end(basename(pathname));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
