import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { keepWhole } from '../../../src/job/sandbox/whole-file.ts';
import { TestFolders } from '../../support/folder.ts';

describe('a file with given content', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('is created with its parent folders', () => {
    const path = join(folders.make(), 'a/b/file');
    keepWhole(path, Buffer.from('one'));
    expect(readFileSync(path, 'utf8')).to.equal('one');
    expect(readdirSync(join(path, '..'))).to.deep.equal(['file']);
  });

  it('is not written again if its content is the same', () => {
    const path = join(folders.make(), 'file');
    keepWhole(path, Buffer.from([0xff, 0]));
    const before = statSync(path);
    keepWhole(path, Buffer.from([0xff, 0]));
    const { ino, ctimeMs } = statSync(path);
    expect({ ino, ctimeMs }).to.deep.equal({ ino: before.ino, ctimeMs: before.ctimeMs });
  });

  it('is replaced when its content changes, and programs that have it open keep the old content', () => {
    const path = join(folders.make(), 'file');
    for (const earlier of ['one', 'more than two', '']) {
      writeFileSync(path, earlier);
      const open = openSync(path, 'r');
      keepWhole(path, Buffer.from('two'));
      expect(readFileSync(path, 'utf8')).to.equal('two');
      expect(readFileSync(open, 'utf8')).to.equal(earlier);
      closeSync(open);
    }
    expect(readdirSync(join(path, '..'))).to.deep.equal(['file']);
  });
});
