import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { lockFile } from '../../src/kernel/file-lock.ts';
import { TestFolders } from '../support/folder.ts';

describe('the lock of a file', () => {
  const folders = new TestFolders();
  let path: string;

  beforeEach(() => {
    path = join(folders.make(), 'lock');
  });

  after(folders.remove);

  it('is had by one at a time, and by the next when it is given back', async () => {
    const first = await lockFile(path);
    expect(await lockFile(path)).to.equal(undefined);
    const waiting = lockFile(path, { wait: 60_000 });
    first?.release();
    const second = await waiting;
    expect(second?.isHeld()).to.equal(true);
    second?.release();
  });

  it('is waited for no longer than is asked for', async () => {
    const first = await lockFile(path);
    expect(await lockFile(path, { wait: 50 })).to.equal(undefined);
    const stop = new AbortController();
    const waiting = lockFile(path, { wait: 600_000, signal: stop.signal });
    stop.abort();
    expect(await waiting).to.equal(undefined);
    first?.release();
  });

  it('ends for others when the file is taken away, which its holder sees', async () => {
    const first = await lockFile(path);
    rmSync(path);
    const second = await lockFile(path);
    expect([first?.isHeld(), second?.isHeld()]).to.deep.equal([false, true]);
    first?.release();
    expect(second?.isHeld()).to.equal(true);
    second?.release();
  });

  it('carries a text of its holder', async () => {
    const lock = await lockFile(path);
    for (const text of ['a long one', 'short', '']) {
      lock?.write(text);
      expect(readFileSync(path, 'utf8')).to.equal(text);
    }
    lock?.release();
  });
});
