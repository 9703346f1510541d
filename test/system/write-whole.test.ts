import { linkSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { link, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createWhole, replaceFile, writeWhole } from '../../src/system/write-whole.ts';
import { TestFolders } from '../support/folder.ts';

describe('writing a file whole', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('replaces the file; programs and hard links that have the old one keep it', async () => {
    const folder = folders.make();
    const file = join(folder, 'file');
    for (const write of [() => writeWhole(file, 'new'), () => replaceFile(file, 'new', { flush: true })]) {
      writeFileSync(file, 'old');
      const other = join(folders.make(), 'other');
      linkSync(file, other);
      await write();
      expect(readFileSync(file, 'utf8')).to.equal('new');
      expect(readFileSync(other, 'utf8')).to.equal('old');
      expect(readdirSync(folder)).to.deep.equal(['file']);
    }
  });

  it('replaces a link, and not its target', () => {
    const target = join(folders.make(), 'target');
    writeFileSync(target, 'kept');
    const file = join(folders.make(), 'file');
    symlinkSync(target, file);
    writeWhole(file, 'new', { mode: 0o600, flush: true });
    expect(readFileSync(target, 'utf8')).to.equal('kept');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('leaves no draft behind when it fails', async () => {
    const folder = folders.make();
    mkdirSync(join(folder, 'file', 'below'), { recursive: true });
    expect(() => writeWhole(join(folder, 'file'), 'new')).to.throw(/EISDIR/);
    const outcome = await replaceFile(join(folder, 'file'), 'new').catch((error: Error) => error.message);
    expect(outcome).to.match(/EISDIR/);
    const thrown = await replaceFile(join(folder, 'other'), async (draft) => {
      await writeFile(draft, 'half');
      throw new Error('no more');
    }).catch((error: Error) => error.message);
    expect(thrown).to.equal('no more');
    expect(readdirSync(folder)).to.deep.equal(['file']);
  });

  it('leaves no draft behind when the draft is a link to the file', async () => {
    const folder = folders.make();
    const file = join(folder, 'file');
    writeFileSync(file, 'same');
    await replaceFile(file, (draft) => link(file, draft));
    expect(readdirSync(folder)).to.deep.equal(['file']);
  });

  it('creates a file only where nothing has its name', () => {
    const file = join(folders.make(), 'file');
    expect(createWhole(file, 'first')).to.equal(true);
    expect(createWhole(file, 'second')).to.equal(false);
    expect(readFileSync(file, 'utf8')).to.equal('first');
  });
});
