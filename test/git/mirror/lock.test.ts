import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { checkOut } from '../../../src/git/checkout.ts';
import { Mirror } from '../../../src/git/mirror/mirror.ts';
import { listMirrors, pruneMirrors, removeUnused } from '../../../src/git/mirror/prune.ts';
import { keepMarkedUsed, useMark } from '../../../src/git/mirror/use.ts';
import { startChild, type TestChild } from '../../support/child.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';
import { GitOverHttp } from '../../support/git-over-http.ts';
import { TestRepository } from '../../support/repository.ts';
import { until } from '../../support/until.ts';

/** Requires a commit of a mirror when it gets a signal, and prints what it waits for and how that ended. */
const asker = `
  import { Mirror } from './src/git/mirror/mirror.ts';
  const [folder, url, sha] = process.argv.slice(-3);
  process.once('SIGUSR2', async () => {
    const progress = (line) => line.startsWith('waiting') && console.log(line);
    const config = [['http.lowSpeedTime', '1']];
    const asking = new Mirror(folder, url).require(sha, { progress, config });
    await asking.then(() => console.log('has it'), (error) => console.log(error.message));
    clearInterval(waiting);
  });
  const waiting = setInterval(() => {}, 1000);
  console.log('ready');
`;

describe('the lock of a mirror', () => {
  const folders = new TestFolders();
  const children: TestChild[] = [];
  let repository: TestRepository;
  let server: GitOverHttp;
  let folder: string;
  let url: string;
  let sha: string;
  /** has the server answer the first request for objects, which it holds back until then */
  let open: () => void;
  /** resolves when the server has got that request */
  let asked: Promise<void>;

  beforeEach(async () => {
    repository = new TestRepository({ 'a.txt': 'a\n' });
    sha = repository.head();
    folder = folders.make();
    server = await GitOverHttp.start(dirname(repository.path), 'ada', 'secret');
    url = server.url('sample/.git', 'ada:secret');
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    asked = new Promise((resolve) => {
      server.asked = () => {
        // git lists the refs with two requests, without and with the name and password
        if (server.count.served !== 3) return undefined;
        resolve();
        return gate;
      };
    });
  });

  afterEach(async () => {
    open();
    for (const child of children.splice(0)) {
      child.signal('SIGCONT');
      await child.kill();
    }
    await server.stop();
    repository.remove();
  });

  after(folders.remove);

  async function startAsker(): Promise<TestChild> {
    const child = startChild(asker, { args: [folder, url, sha] });
    children.push(child);
    expect(await child.line()).to.equal('ready');
    return child;
  }

  /** A process that is in the middle of a fetch, until `open` is called. */
  async function startFetching(): Promise<TestChild> {
    const child = await startAsker();
    child.signal('SIGUSR2');
    await asked;
    return child;
  }

  it('lets two processes that require the same commit fetch it once', async () => {
    const first = await startFetching();
    const second = await startAsker();
    second.signal('SIGUSR2');
    expect(await second.line()).to.match(new RegExp(`^waiting for process ${first.pid} on .*updates the mirror$`));
    open();
    expect(await first.line()).to.equal('has it');
    expect(await second.line()).to.equal('has it');
    expect(server.count.served).to.equal(3);
  });

  it('allows reading and checkouts during an update', async () => {
    const other = new Mirror(folder, url);
    await other.create();
    execFileSync('git', ['--git-dir', other.path, 'fetch', '--quiet', repository.path, 'main']);
    sha = repository.commit('second');
    await startFetching();
    const before = repository.git('rev-parse', 'HEAD^');
    expect(await other.commit(before)).to.include({ subject: 'first' });
    const job = join(folders.make(), 'job');
    await checkOut(other, { url, ref: 'refs/heads/main', sha: before, folder: job });
    expect(existsSync(join(job, 'a.txt'))).to.equal(true);
  });

  it("is held after a kill until the process's git has ended; the next holder removes leftovers", async () => {
    const first = await startFetching();
    const mirror = new Mirror(folder, url);
    const left = ['shallow.lock', 'packed-refs.lock', 'refs/heads/main.lock', 'objects/pack/tmp_pack_x'];
    for (const name of left) writeFileSync(join(mirror.path, name), '');
    await first.kill();
    const lines: string[] = [];
    const asking = mirror.require(sha, { progress: (line) => lines.push(line) });
    await until('the second process waits for the lock', () =>
      lines.some((line) => line.startsWith(`waiting for process ${first.pid}`)),
    );
    expect(existsSync(join(mirror.path, 'shallow.lock')), 'git may need it still').to.equal(true);
    open();
    await asking;
    expect(await mirror.has(sha)).to.equal(true);
    for (const name of left) expect(existsSync(join(mirror.path, name)), name).to.equal(false);
  });

  it("is released after a kill although the server of the process's git hangs", async () => {
    const first = await startFetching();
    await first.kill();
    const mirror = new Mirror(folder, url);
    await mirror.require(sha);
    expect(await mirror.has(sha)).to.equal(true);
  });

  it('causes an error that names its frozen holder, and is free when the holder continues', async () => {
    const first = await startFetching();
    first.signal('SIGSTOP');
    const mirror = new Mirror(folder, url, { wait: 200 });
    const { message, remedy } = await failure('fetch_failed', () => mirror.require(sha));
    expect(message).to.include(`process ${first.pid} on `);
    expect(remedy).to.include(mirror.path.replace(/git$/, 'lock'));
    first.signal('SIGCONT');
    open();
    expect(await first.line()).to.equal('has it');
    sha = repository.commit('second');
    await new Mirror(folder, url).require(sha);
    expect(await mirror.has(sha)).to.equal(true);
  });

  it('is released after a cancelled fetch, which leaves no file', async () => {
    const mirror = new Mirror(folder, url);
    const stop = new AbortController();
    const fetching = failure('fetch_failed', () => mirror.require(sha, { signal: stop.signal }));
    await asked;
    // as git does of a pack that has come in part
    const pack = join(mirror.path, 'objects', 'pack', 'tmp_pack_x');
    writeFileSync(pack, '');
    stop.abort();
    await fetching;
    expect(existsSync(pack)).to.equal(false);
    expect(readFileSync(mirror.path.replace(/git$/, 'lock'), 'utf8')).to.equal('');
  });

  it('is not held by a daemon that a credential helper has started', async () => {
    const left = join(folders.make(), 'left');
    const script = `!f() { sleep 600 >/dev/null 2>&1 </dev/null & echo $! >> ${left}; echo username=ada; echo password=secret; }; f`;
    const config = [['credential.helper', script]] as const;
    const mirror = new Mirror(folder, server.url('sample/.git'), { wait: 200 });
    open();
    try {
      await mirror.fetch({ config });
      sha = repository.commit('second');
      await mirror.fetch({ config });
    } finally {
      for (const pid of readFileSync(left, 'utf8').trim().split('\n')) process.kill(Number(pid));
    }
    expect(await mirror.has(sha)).to.equal(true);
  });

  it('stops being awaited when the job is cancelled', async () => {
    await startFetching();
    const stop = new AbortController();
    const waiting = new Mirror(folder, url).require(sha, {
      signal: stop.signal,
      progress: () => stop.abort(new Error('cancelled')),
    });
    expect(await waiting.catch((error: Error) => error.message)).to.equal('cancelled');
  });

  it('keeps a mirror from being pruned during an update', async () => {
    await startFetching();
    const { path } = new Mirror(folder, url);
    const longAgo = new Date('2026-01-02');
    for (const name of ['', useMark]) if (existsSync(join(path, name))) utimesSync(join(path, name), longAgo, longAgo);
    expect(await pruneMirrors(folder, { days: 1, limit: 0 }, false, Date.now())).to.deep.equal([]);
    expect(existsSync(path)).to.equal(true);
  });

  it('lets pruning remove mirrors that a killed process was creating or removing', async () => {
    const { path } = new Mirror(folder, url);
    for (const end of ['draft', 'removed']) execFileSync('git', ['init', '--quiet', '--bare', `${path}.${end}`]);
    await pruneMirrors(folder, { days: 1, limit: 0 }, false, Date.now());
    expect(readdirSync(folder).filter((name) => name.includes('.git'))).to.deep.equal([]);
  });
});

describe('the use of a mirror', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('keeps the mirror from being pruned during a checkout', async () => {
    const repository = new TestRepository({ 'a.txt': 'a\n' });
    const sha = repository.head();
    const mirror = new Mirror(folders.make(), repository.path);
    await mirror.require(sha);
    let over = false;
    const pruning = (async () => {
      // by this clock nothing has been used for days
      const later = Date.now() + 10 * 86_400_000;
      while (!over) await pruneMirrors(dirname(mirror.path), { days: 1, limit: 0 }, false, later);
    })();
    try {
      for (let round = 1; round <= 20; round++) {
        const folder = join(folders.make(), 'job');
        await checkOut(mirror, { url: '', ref: 'refs/heads/main', sha, folder });
        expect(existsSync(join(folder, 'a.txt'))).to.equal(true);
        if (round % 5 === 0) await until('the mirror is removed', () => !mirror.isThere);
      }
    } finally {
      over = true;
    }
    await pruning;
    repository.remove();
  });

  it('keeps the mirror from being pruned if the use starts after the mirrors were listed', async () => {
    const repository = new TestRepository({ 'a.txt': 'a\n' });
    const mirror = new Mirror(folders.make(), repository.path);
    await mirror.require(repository.head());
    const longAgo = new Date('2026-01-02');
    utimesSync(join(mirror.path, useMark), longAgo, longAgo);
    const [listed] = await listMirrors(dirname(mirror.path));
    await mirror.markUsed();
    expect(listed && (await removeUnused(listed))).to.equal(false);
    expect(await mirror.has(repository.head())).to.equal(true);
    repository.remove();
  });

  it('lasts as long as a job that borrows from the mirror', async () => {
    const repository = new TestRepository({ 'a.txt': 'a\n' });
    const mirror = new Mirror(folders.make(), repository.path);
    const mark = join(mirror.path, useMark);
    await keepMarkedUsed(async () => {
      await mirror.require(repository.head());
      rmSync(mark);
      await until('the mirror is marked as used again', () => existsSync(mark));
    }, 10);
    repository.remove();
  });
});
