import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { smallTree } from '../../src/system/small-tree.ts';
import { TestFolders } from '../support/folder.ts';

describe('a small tree', () => {
  const folders = new TestFolders();
  after(folders.remove);

  function filled(count: number): string {
    const top = folders.make();
    for (let index = 0; index < count; index++) writeFileSync(join(top, `${index}`), '');
    return top;
  }

  it('is listed with each folder before its content, and links as links', () => {
    const top = folders.make();
    mkdirSync(join(top, 'a/b'), { recursive: true });
    writeFileSync(join(top, 'a/b/file'), '');
    symlinkSync('/', join(top, 'a/b/link'));
    const listed = smallTree(top)?.map(({ path, isFolder }) => [path.toString().slice(top.length), isFolder]);
    expect(listed?.slice(0, 3)).to.deep.equal([
      ['', true],
      ['/a', true],
      ['/a/b', true],
    ]);
    expect(listed?.slice(3)).to.have.deep.members([
      ['/a/b/file', false],
      ['/a/b/link', false],
    ]);
  });

  it('may have names that are not UTF-8', () => {
    const top = folders.make();
    const name = Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0xff, 0x0a])]);
    writeFileSync(name, '');
    expect(smallTree(top)?.map(({ path }) => path)).to.deep.equal([Buffer.from(top), name]);
  });

  it('may have long names', () => {
    const top = folders.make();
    const long = Buffer.concat([Buffer.from(`${top}/`), Buffer.alloc(250, 0xff)]);
    mkdirSync(long);
    const names = Array.from({ length: 60 }, (_, index) => `${'x'.repeat(200)}${index}`);
    for (const name of names) writeFileSync(Buffer.concat([long, Buffer.from(`/${name}`)]), '');
    for (const name of names) symlinkSync('/', join(top, name));
    const listed = (smallTree(top) ?? []).map(({ path, isFolder }) => `${path.toString('latin1')} ${isFolder}`);
    const below = (folder: Buffer) => names.map((name) => `${folder.toString('latin1')}/${name} false`);
    expect(listed[0]).to.equal(`${top} true`);
    expect(listed).to.have.members([
      `${top} true`,
      `${long.toString('latin1')} true`,
      ...below(Buffer.from(top)),
      ...below(long),
    ]);
  });

  it('may be a single file, and is undefined for too many files', () => {
    const file = join(filled(1), '0');
    expect(smallTree(file)).to.deep.equal([{ path: Buffer.from(file), isFolder: false }]);
    expect(smallTree(filled(199))).to.have.length(200);
    for (const count of [200, 5000]) expect(smallTree(filled(count))).to.equal(undefined);
  });
});
