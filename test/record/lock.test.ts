import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { lockDataDirectory } from '../../src/record/lock.ts';
import { startChild } from '../support/child.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';

const holder = `
  import { lockDataDirectory } from './src/record/lock.ts';
  try {
    lockDataDirectory(process.argv.at(-1), 'volt up, process ' + process.pid);
    console.log('locked');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.code + ': ' + error.message);
  }
`;

describe('the lock on a data directory', () => {
  const folders = new TestFolders();

  after(folders.remove);

  it('is had by one at a time; the other is told by whom', async () => {
    const dataDir = folders.make();
    const release = lockDataDirectory(dataDir, 'volt up, process 4711');
    const error = await failure('data_locked', () => lockDataDirectory(dataDir, 'volt up, process 4712'));
    expect(error.message).to.include('volt up, process 4711').and.include(dataDir);
    const again = await failure('data_locked', () => lockDataDirectory(dataDir, 'volt up, process 4713'));
    expect(again.message, 'who asks in vain does not become the holder').to.include('4711');
    release();
    lockDataDirectory(dataDir, 'volt up, process 4712')();
  });

  it('is had by one process at a time, and is given back when that is killed', async () => {
    const dataDir = folders.make();
    const first = startChild(holder, { args: [dataDir] });
    expect(await first.line()).to.equal('locked');
    const second = startChild(holder, { args: [dataDir] });
    expect(await second.line()).to.equal(
      `data_locked: the data directory ${dataDir} is in use by volt up, process ${first.pid}`,
    );
    expect(await second.ended()).to.equal(0);
    await first.kill();
    lockDataDirectory(dataDir, 'volt up, the next')();
  });

  it('of one directory says nothing about another', () => {
    const releases = [folders.make(), folders.make()].map((dataDir) => lockDataDirectory(dataDir, 'me'));
    for (const release of releases) release();
  });

  it('makes the directory', () => {
    lockDataDirectory(join(folders.make(), 'new', 'data'), 'me')();
  });

  it('says so where nothing can be written', async () => {
    const file = join(folders.make(), 'a-file');
    writeFileSync(file, '');
    chmodSync(file, 0o444);
    const error = await failure('data_unwritable', () => lockDataDirectory(join(file, 'data'), 'me'));
    expect(error.message).to.include(file);
  });
});
