import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeDataDirectory } from '../../src/kernel/data-directory.ts';
import { TestFolders } from '../support/folder.ts';

describe('the data directory', () => {
  const folders = new TestFolders();
  after(folders.remove);
  const mode = (path: string) => statSync(path).mode & 0o777;

  it('gets mode 0700 when Volt makes it, and keeps its mode when it exists', () => {
    const made = join(folders.make(), 'above', 'data');
    makeDataDirectory(made);
    expect(mode(made)).to.equal(0o700);
    expect(mode(join(made, '..'))).to.equal(0o777 & ~process.umask());
    const there = join(folders.make(), 'there');
    mkdirSync(there);
    makeDataDirectory(there);
    expect(mode(there)).to.equal(0o777 & ~process.umask());
  });
});
