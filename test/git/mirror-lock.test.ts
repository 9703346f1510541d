import { execFileSync } from 'node:child_process';
import fs, { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { mock } from 'node:test';
import { expect } from 'chai';
import { checkOut } from '../../src/git/checkout.ts';
import { Mirror } from '../../src/git/mirror.ts';
import { keepUses, useMark } from '../../src/git/mirror-use.ts';
import { listMirrors, mirrorFault, pruneMirrors, removeUnused } from '../../src/git/mirrors.ts';
import { startChild, type TestChild } from '../support/child.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

/** Asks a mirror for a commit when it gets a signal, and says how that went on and out. */
const asker = `
  import { Mirror } from './src/git/mirror.ts';
  const [folder, url, sha] = process.argv.slice(-3);
  process.once('SIGUSR2', async () => {
    const progress = (line) => line.startsWith('waiting') && console.log(line);
    await new Mirror(folder, url).require(sha, { progress }).then(() => console.log('has it'), (error) => console.log(error.message));
    clearInterval(waiting);
  });
  const waiting = setInterval(() => {}, 1000);
  console.log('ready');
`;

/** So that a test does not wait for what is frozen as long as Volt does. */
const impatient = { times: { beat: 50, patience: 500 } };

describe('the lock of a mirror', () => {
  const folders = new TestFolders();
  const children: TestChild[] = [];
  let repository: TestRepository;
  let server: GitOverHttp;
  let folder: string;
  let url: string;
  let sha: string;
  /** lets the first request for objects be answered, which is held back until then */
  let open: () => void;
  /** resolves when that request is there */
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
        // the list of refs has been asked for twice: by what address, and with what names
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

  it('has two processes that want the same commit fetch it once', async () => {
    const first = await startFetching();
    const second = await startAsker();
    second.signal('SIGUSR2');
    expect(await second.line()).to.match(new RegExp(`^waiting for process ${first.pid} on .*updates the mirror$`));
    open();
    expect(await first.line()).to.equal('has it');
    await until('the second has it', async () => (await second.line()) === 'has it');
    expect(server.count.served).to.equal(3);
  });

  it('does not keep anybody from reading', async () => {
    const other = new Mirror(folder, url);
    await other.create();
    execFileSync('git', ['--git-dir', other.path, 'fetch', '--quiet', repository.path, 'main']);
    sha = repository.commit('second');
    await startFetching();
    expect(await other.commit(repository.git('rev-parse', 'HEAD^'))).to.include({ subject: 'first' });
    const place = join(folders.make(), 'job');
    const before = repository.git('rev-parse', 'HEAD^');
    await checkOut(other, { url, ref: 'refs/heads/main', sha: before, folder: place });
    expect(existsSync(join(place, 'a.txt'))).to.equal(true);
  });

  it('ends with a process that is killed in the middle, when its git has ended, and what git left goes', async () => {
    const first = await startFetching();
    const mirror = new Mirror(folder, url);
    const left = [
      'shallow.lock',
      'packed-refs.lock',
      'refs/heads/main.lock',
      'objects/pack/tmp_pack_x',
      'volt-incoming',
    ];
    for (const name of left) writeFileSync(join(mirror.path, name), '');
    await first.kill();
    const lines: string[] = [];
    const asking = mirror.require(sha, { progress: (line) => lines.push(line) });
    await until('it waits for git', () => lines.some((line) => line.startsWith('waiting for git')));
    expect(existsSync(join(mirror.path, 'shallow.lock')), 'git may need it still').to.equal(true);
    open();
    await asking;
    expect(await mirror.has(sha)).to.equal(true);
    for (const name of left) expect(existsSync(join(mirror.path, name)), name).to.equal(false);
  });

  it('is not kept by a git that hangs after its process was killed', async () => {
    const first = await startFetching();
    await first.kill();
    const mirror = new Mirror(folder, url, impatient);
    await mirror.require(sha);
    expect(await mirror.has(sha)).to.equal(true);
  });

  it('is taken from a process that is frozen, which does no harm when it goes on', async () => {
    const first = await startFetching();
    first.signal('SIGSTOP');
    const lines: string[] = [];
    const mirror = new Mirror(folder, url, impatient);
    await mirror.require(sha, { progress: (line) => lines.push(line) });
    expect(lines.find((line) => line.startsWith('going on without'))).to.include(`process ${first.pid}`);
    first.signal('SIGCONT');
    open();
    expect(await first.line()).to.equal('has it');
    expect(await mirrorFault(mirror.path)).to.equal(undefined);
    const second = repository.commit('second');
    await mirror.require(second);
    expect(await mirror.has(second)).to.equal(true);
  });

  it('is not taken from a process that lives, whatever the clocks say', async () => {
    const first = await startFetching();
    const file = new Mirror(folder, url).path.replace(/git$/, 'lock');
    const lines: string[] = [];
    const waiting = new Mirror(folder, url, impatient).require(sha, {
      progress: (line) => {
        lines.push(line);
        // a sign of life by a clock that is set back further and further
        const time = new Date(Date.UTC(2026, 0, 2) - lines.length * 86_400_000);
        utimesSync(file, time, time);
        if (lines.length === 30) open();
      },
    });
    expect(await first.line()).to.equal('has it');
    await waiting;
    expect(lines).to.have.length.at.least(30);
    // after that it is done, takes its name away, and lets go of the lock
    for (const line of lines.slice(0, 30)) expect(line).to.include(`waiting for process ${first.pid} on `);
  });

  it('leaves nothing of a fetch that was ended', async () => {
    const mirror = new Mirror(folder, url, impatient);
    const stop = new AbortController();
    const fetching = failure('fetch_failed', () => mirror.require(sha, { signal: stop.signal }));
    await asked;
    // as git does of a pack that has come in part
    const pack = join(mirror.path, 'objects', 'pack', 'tmp_pack_x');
    writeFileSync(pack, '');
    stop.abort();
    await fetching;
    await until('it is gone', () => !existsSync(pack));
    const file = mirror.path.replace(/git$/, 'lock');
    await until('nobody has to look for more', () => readFileSync(file, 'utf8') === '');
  });

  it('outlives a disk that takes no signs of life, and is given back', async () => {
    const broken = (): never => {
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    };
    const touch = mock.method(fs, 'futimesSync', broken);
    syncBuiltinESMExports();
    try {
      const mirror = new Mirror(folder, url, impatient);
      const fetching = mirror.require(sha);
      await until('it has tried twice', () => touch.mock.callCount() >= 2);
      const truncate = mock.method(fs, 'ftruncateSync', broken);
      syncBuiltinESMExports();
      open();
      await fetching;
      expect(truncate.mock.callCount()).to.equal(1);
    } finally {
      mock.restoreAll();
      syncBuiltinESMExports();
    }
    const mirror = new Mirror(folder, url);
    sha = repository.commit('second');
    await mirror.require(sha);
    expect(await mirror.has(sha)).to.equal(true);
  });

  it('is not kept by what a credential helper leaves running', async () => {
    const left = join(folders.make(), 'left');
    const script = `!f() { sleep 600 >/dev/null 2>&1 </dev/null & echo $! >> ${left}; echo username=ada; echo password=secret; }; f`;
    const config = [['credential.helper', script]] as const;
    const mirror = new Mirror(folder, server.url('sample/.git'));
    open();
    try {
      await mirror.fetch({ config });
      sha = repository.commit('second');
      await mirror.fetch({ config, silence: 5000 });
    } finally {
      for (const pid of readFileSync(left, 'utf8').trim().split('\n')) process.kill(Number(pid));
    }
    expect(await mirror.has(sha)).to.equal(true);
  });

  it('is waited for no longer than the job lasts', async () => {
    await startFetching();
    const stop = new AbortController();
    const waiting = new Mirror(folder, url).require(sha, {
      signal: stop.signal,
      progress: () => stop.abort(new Error('cancelled')),
    });
    expect(await waiting.catch((error: Error) => error.message)).to.equal('cancelled');
  });

  it('keeps a mirror that is updated from being pruned', async () => {
    await startFetching();
    const { path } = new Mirror(folder, url);
    const longAgo = new Date('2026-01-02');
    for (const name of ['', useMark]) if (existsSync(join(path, name))) utimesSync(join(path, name), longAgo, longAgo);
    expect(await pruneMirrors(folder, { days: 1, limit: 0 }, false, Date.now())).to.deep.equal([]);
    expect(existsSync(path)).to.equal(true);
  });

  it('has what was left of a removal or a making go with the next pruning', async () => {
    const { path } = new Mirror(folder, url);
    for (const end of ['draft', 'removed']) execFileSync('git', ['init', '--quiet', '--bare', `${path}.${end}`]);
    await pruneMirrors(folder, { days: 1, limit: 0 }, false, Date.now());
    expect(readdirSync(folder).filter((name) => name.includes('.git'))).to.deep.equal([]);
  });
});

describe('the use of a mirror', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('keeps it from being pruned while a checkout is made, whenever that begins', async () => {
    const repository = new TestRepository({ 'a.txt': 'a\n' });
    const sha = repository.head();
    const mirror = new Mirror(folders.make(), repository.path);
    await mirror.require(sha);
    let over = false;
    const pruning = (async () => {
      // to this clock nothing has been used for days
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

  it('keeps it from being pruned also where it begins after the mirrors were listed', async () => {
    const repository = new TestRepository({ 'a.txt': 'a\n' });
    const mirror = new Mirror(folders.make(), repository.path);
    await mirror.require(repository.head());
    const longAgo = new Date('2026-01-02');
    utimesSync(join(mirror.path, useMark), longAgo, longAgo);
    const [listed] = await listMirrors(dirname(mirror.path));
    await mirror.noteUse();
    expect(listed && (await removeUnused(listed))).to.equal(false);
    expect(await mirror.has(repository.head())).to.equal(true);
    repository.remove();
  });

  it('lasts as long as a job that borrows from it', async () => {
    const repository = new TestRepository({ 'a.txt': 'a\n' });
    const mirror = new Mirror(folders.make(), repository.path);
    const mark = join(mirror.path, useMark);
    await keepUses(async () => {
      await mirror.require(repository.head());
      rmSync(mark);
      await until('it is marked again', () => existsSync(mark));
    }, 10);
    repository.remove();
  });
});
