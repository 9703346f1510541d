import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dataDirectoryHolder, lockDataDirectory } from '../../src/record/lock.ts';
import { startChild } from '../support/child.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';

const holder = `
  import { lockDataDirectory } from './src/record/lock.ts';
  try {
    await lockDataDirectory(process.argv.at(-1), 'volt up, process ' + process.pid);
    console.log('locked');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.code + ': ' + error.message);
  }
`;

describe('the lock on a data directory', () => {
  const folders = new TestFolders();

  after(folders.remove);

  it('belongs to one holder at a time, and its error names the holder', async () => {
    const dataDir = folders.make();
    const release = await lockDataDirectory(dataDir, 'volt up, process 4711');
    const error = await failure('data_locked', () => lockDataDirectory(dataDir, 'volt up, process 4712'));
    expect(error.message).to.include('volt up, process 4711').and.include(dataDir);
    const again = await failure('data_locked', () => lockDataDirectory(dataDir, 'volt up, process 4713'));
    expect(again.message, 'a process that is refused does not become the holder').to.include('4711');
    expect(await dataDirectoryHolder(dataDir)).to.equal('volt up, process 4711');
    release();
    expect(await dataDirectoryHolder(dataDir)).to.equal(undefined);
    (await lockDataDirectory(dataDir, 'volt up, process 4712'))();
  });

  it('belongs to one process at a time, and ends when that process is killed', async () => {
    const dataDir = folders.make();
    const first = startChild(holder, { args: [dataDir] });
    expect(await first.line()).to.equal('locked');
    const second = startChild(holder, { args: [dataDir] });
    expect(await second.line()).to.equal(
      `data_locked: the data directory ${dataDir} is in use by volt up, process ${first.pid}`,
    );
    expect(await second.ended()).to.equal(0);
    await first.kill();
    (await lockDataDirectory(dataDir, 'volt up, the next'))();
  });

  it('on one directory leaves another one free', async () => {
    const [one, other] = [folders.make(), folders.make()];
    const release = await lockDataDirectory(one, 'me');
    (await lockDataDirectory(other, 'me'))();
    await failure('data_locked', () => lockDataDirectory(one, 'me'));
    release();
  });

  it('makes the directory where it is missing', async () => {
    const dataDir = join(folders.make(), 'new', 'data');
    (await lockDataDirectory(dataDir, 'me'))();
    expect(existsSync(dataDir)).to.equal(true);
  });

  it('replaces the lock file of an older Volt, which was a small database', async () => {
    const dataDir = folders.make();
    writeFileSync(join(dataDir, 'up.lock'), Buffer.from('SQLite format 3\0'.padEnd(8192, '\0')));
    const release = await lockDataDirectory(dataDir, 'me');
    expect(await dataDirectoryHolder(dataDir)).to.equal('me');
    release();
  });

  it('is refused with data_unwritable where the directory cannot be made', async () => {
    const file = join(folders.make(), 'a-file');
    writeFileSync(file, '');
    chmodSync(file, 0o444);
    const error = await failure('data_unwritable', () => lockDataDirectory(join(file, 'data'), 'me'));
    expect(error.message).to.include(file);
  });
});
