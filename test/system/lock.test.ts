import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { holderOf, lockFile } from '../../src/system/lock.ts';
import { startChild } from '../support/child.ts';
import { TestFolders } from '../support/folder.ts';

/** Locks a file, starts a program that inherits the lock, and says that program's process id. */
const holder = `
  import { spawn } from 'node:child_process';
  import { lockFile } from './src/system/lock.ts';
  const lock = await lockFile(process.argv.at(-1));
  const child = spawn('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore', lock.descriptor] });
  console.log(child.pid);
`;

describe('the lock of a file', () => {
  const folders = new TestFolders();
  let path: string;

  beforeEach(() => {
    path = join(folders.make(), 'lock');
  });

  after(folders.remove);

  it('belongs to one exclusive holder at a time, and then to one that waits', async () => {
    const first = await lockFile(path);
    expect(await lockFile(path)).to.equal(undefined);
    const waiting = lockFile(path, { wait: 60_000 });
    first?.release();
    const second = await waiting;
    expect(second).not.to.equal(undefined);
    expect(await lockFile(path)).to.equal(undefined);
    second?.release();
  });

  it('can have several shared holders, and no exclusive one beside them', async () => {
    const shared = [await lockFile(path, { mode: 'shared' }), await lockFile(path, { mode: 'shared' })];
    expect(shared).not.to.include(undefined);
    expect(await lockFile(path)).to.equal(undefined);
    for (const lock of shared) lock?.release();
    const exclusive = await lockFile(path);
    expect(await lockFile(path, { mode: 'shared' })).to.equal(undefined);
    exclusive?.release();
  });

  it('is waited for until the time is over, or the signal ends the wait', async () => {
    const first = await lockFile(path);
    expect(await lockFile(path, { wait: 50 })).to.equal(undefined);
    const stop = new AbortController();
    const waiting = lockFile(path, { wait: 600_000, signal: stop.signal });
    stop.abort();
    expect(await waiting).to.equal(undefined);
    first?.release();
  });

  it('is taken on the new file of that path, when the holder has removed the one that was waited for', async () => {
    const first = await lockFile(path);
    const waiting = lockFile(path, { wait: 60_000 });
    rmSync(path);
    const other = await lockFile(path);
    first?.release();
    other?.release();
    const second = await waiting;
    expect(await lockFile(path)).to.equal(undefined);
    second?.release();
  });

  it('holds until the last process that inherited it has ended, and ends at once when that is killed', async () => {
    const first = startChild(holder, { args: [path] });
    const inheritor = Number(await first.line());
    await first.kill();
    expect(await lockFile(path), 'the program goes on').to.equal(undefined);
    const waiting = lockFile(path, { wait: 60_000 });
    process.kill(inheritor, 'SIGKILL');
    const second = await waiting;
    expect(second).not.to.equal(undefined);
    second?.release();
  });

  it('ends with unlock also while a program that inherited it runs', async () => {
    const first = await lockFile(path);
    const child = spawn('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore', first?.descriptor] });
    await first?.unlock();
    const second = await lockFile(path);
    expect(second).not.to.equal(undefined);
    second?.release();
    child.kill();
    await once(child, 'exit');
  });

  it('carries a text of its holder', async () => {
    const lock = await lockFile(path);
    for (const text of ['a long one', 'short', '']) {
      lock?.write(text);
      expect(readFileSync(path, 'utf8')).to.equal(text);
      expect(holderOf(path)).to.equal(text);
    }
    lock?.release();
    expect(holderOf(`${path}-missing`)).to.equal('');
  });
});
