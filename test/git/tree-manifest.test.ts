import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { moveUnchanged, writeManifest } from '../../src/git/tree-manifest.ts';
import { TestFolders } from '../support/folder.ts';
import { isWatched } from '../support/tree-snapshot.ts';

const all = () => true;

describe('moving unchanged files by a manifest', () => {
  const folders = new TestFolders();
  let from: string;
  let to: string;
  let manifest: string;

  before(async function () {
    if (!(await isWatched(folders))) this.skip();
  });

  beforeEach(() => {
    const top = folders.make();
    [from, to, manifest] = [join(top, 'from'), join(top, 'to'), join(top, 'manifest')];
    mkdirSync(join(from, 'a/b'), { recursive: true });
    for (const name of ['one', 'a/two', 'a/b/three']) writeFileSync(join(from, name), name);
    symlinkSync('one', join(from, 'link'));
  });

  after(folders.remove);

  const ctime = (path: string) => lstatSync(path, { bigint: true }).ctimeNs;

  /** Writes a manifest that is newer than all listed files. */
  async function write(): Promise<void> {
    expect(await writeManifest(from, manifest)).to.equal(true);
    const newest = ['one', 'a/two', 'a/b/three', 'link'].map((name) => ctime(join(from, name)));
    // the clock of the kernel ticks every few milliseconds
    while (newest.some((time) => time >= ctime(manifest))) writeFileSync(manifest, readFileSync(manifest));
  }

  it('moves unchanged files to the same paths below new folders', async () => {
    await write();
    const inode = statSync(join(from, 'a')).ino;
    expect(await moveUnchanged(manifest, from, to, all)).to.deep.equal({ files: 4, bytes: 3 + 5 + 9 + 3 });
    for (const name of ['one', 'a/two', 'a/b/three']) expect(readFileSync(join(to, name), 'utf8')).to.equal(name);
    expect(lstatSync(join(to, 'link')).isSymbolicLink()).to.equal(true);
    expect(statSync(join(to, 'a')).ino).to.not.equal(inode);
  });

  it('moves only wanted files', async () => {
    await write();
    const { files } = await moveUnchanged(manifest, from, to, (path, { size }) => path === 'a/two' && size === 5n);
    expect(files).to.equal(1);
    expect(readdirSync(to, { recursive: true })).to.have.members(['a', 'a/two']);
  });

  it('does not move files that changed in the tick in which the manifest was written', async () => {
    let attempt = 0;
    do {
      expect(attempt++, 'attempts to write both within one tick').to.be.below(1000);
      writeFileSync(join(from, 'one'), 'one');
      const { ino, ctimeNs, uid, gid, mode } = lstatSync(join(from, 'one'), { bigint: true });
      const time = `${String(ctimeNs).slice(0, -9)}.${String(ctimeNs).slice(-9)}0`;
      const state = `f ${ino} ${time} ${(mode & 0o7777n).toString(8)} ${uid} ${gid} 1 3`;
      writeFileSync(manifest, `${state} one\0`);
    } while (ctime(manifest) !== ctime(join(from, 'one')));
    expect((await moveUnchanged(manifest, from, to, all)).files).to.equal(0);
    // the same words, written later
    while (ctime(manifest) === ctime(join(from, 'one'))) writeFileSync(manifest, readFileSync(manifest));
    expect((await moveUnchanged(manifest, from, `${to}-later`, all)).files).to.equal(1);
  });

  it('follows no link that replaces a folder, and moves no file from outside', async () => {
    await write();
    const outside = folders.make();
    execFileSync('mv', [join(from, 'a'), outside]);
    symlinkSync(join(outside, 'a'), join(from, 'a'));
    expect((await moveUnchanged(manifest, from, to, all)).files).to.equal(2);
    expect(existsSync(join(to, 'a'))).to.equal(false);
    expect(existsSync(join(outside, 'a/b/three'))).to.equal(true);
  });

  it('fails if the folder is gone or a link', async () => {
    await write();
    const elsewhere = folders.make();
    execFileSync('mv', [from, elsewhere]);
    symlinkSync(join(elsewhere, 'from'), from);
    const error = await moveUnchanged(manifest, from, to, all).catch((reason: NodeJS.ErrnoException) => reason);
    expect(error).to.have.property('code').that.is.oneOf(['ELOOP', 'ENOTDIR']);
  });

  it('is not supported for files in tmpfs, whose times are too coarse', async function () {
    if (!existsSync('/dev/shm')) this.skip();
    const folder = execFileSync('mktemp', ['-d', '-p', '/dev/shm'], { encoding: 'utf8' }).trim();
    try {
      expect(await writeManifest(folder, join(folder, '../volt-test-manifest'))).to.equal(false);
      expect(existsSync('/dev/shm/volt-test-manifest')).to.equal(false);
    } finally {
      execFileSync('rm', ['-r', folder]);
    }
  });
});
