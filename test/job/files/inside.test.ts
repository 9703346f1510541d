import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readInside, statInside } from '../../../src/job/files/inside.ts';
import { walkInside } from '../../../src/job/files/walk.ts';
import { TestFolders } from '../../support/folder.ts';

describe('reading files of a job', () => {
  const folders = new TestFolders();
  let root: string;
  let outside: string;

  beforeEach(() => {
    [root, outside] = [join(folders.make(), 'root'), folders.make()];
    mkdirSync(join(root, 'sub/deep'), { recursive: true });
    writeFileSync(join(root, 'sub/file'), 'inside');
    writeFileSync(join(outside, 'secret'), 'outside');
  });
  after(folders.remove);

  const read = (path: string) => readInside(root, path, 100);
  const refusal = (path: string): string => {
    try {
      return `read: ${read(path)}`;
    } catch (error) {
      return (error as Error).message.replace(path, 'PATH');
    }
  };

  it('follows links that stay inside', () => {
    symlinkSync('file', join(root, 'sub/near'));
    symlinkSync('../sub/./deep/../near', join(root, 'sub/far'));
    symlinkSync(join(root, 'sub'), join(root, 'absolute'));
    for (const path of ['sub/file', 'sub/near', 'sub/far', 'absolute/far', join(root, 'absolute/file')])
      expect(read(path), path).to.equal('inside');
    expect(statInside(root, 'absolute')?.isDirectory()).to.equal(true);
    expect(statInside(root, '')?.isDirectory()).to.equal(true);
  });

  it('gives the same answer for all paths outside, whether they exist or not', () => {
    symlinkSync(outside, join(root, 'link'));
    symlinkSync('../../..', join(root, 'sub/up'));
    symlinkSync('/dev/zero', join(root, 'device'));
    const nowhere = join(outside, 'nothing');
    symlinkSync(nowhere, join(root, 'dangling'));
    for (const path of [
      'link/secret',
      'link/nothing',
      'link',
      'sub/up/x',
      'device',
      'dangling',
      nowhere,
      '../x',
      '/dev/zero',
    ]) {
      expect(refusal(path), path).to.equal('PATH leads out of its folder');
      expect(statInside(root, path), path).to.equal(undefined);
    }
  });

  it('opens only ordinary files, and waits for no other', () => {
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(root, 'pipe')]);
    expect(refusal('pipe')).to.equal('PATH is not a file');
    expect(refusal('sub')).to.equal('PATH is not a file');
    expect(refusal('sub/nothing')).to.match(/^ENOENT: .*PATH'$/);
    expect(refusal('sub/file/more')).to.match(/^ENOTDIR/);
  });

  it('does not go round in circles', () => {
    symlinkSync('b', join(root, 'a'));
    symlinkSync('a', join(root, 'b'));
    expect(refusal(join(root, 'a'))).to.include('too many links');
  });

  it('reads no hard link to a file of another user', function () {
    if (process.getuid?.() !== 0) return this.skip();
    writeFileSync(join(root, 'own'), 'own');
    linkSync(join(root, 'own'), join(root, 'again'));
    execFileSync('chown', ['-R', '4242:4242', root]);
    linkSync(join(outside, 'secret'), join(root, 'theirs'));
    expect(refusal('theirs')).to.equal("PATH is a hard link to another user's file");
    expect(read('again')).to.equal('own');
  });

  it('walks folders without following links', async () => {
    symlinkSync(outside, join(root, 'link'));
    symlinkSync(join(outside, 'secret'), join(root, 'sub/link'));
    const walk = async (start: string) => {
      const found: string[] = [];
      for await (const { path, isFile } of walkInside(root, start)) found.push(`${path}${isFile ? '' : '/'}`);
      return found.sort();
    };
    expect(await walk('')).to.deep.equal(['link/', 'sub/', 'sub/deep/', 'sub/file', 'sub/link/']);
    expect(await walk('sub/file')).to.deep.equal(['sub/file']);
    expect(await walk('sub')).to.deep.equal(['sub/', 'sub/deep/', 'sub/file', 'sub/link/']);
    for (const start of ['link', 'link/secret', 'nothing']) expect(await walk(start)).to.not.include('link/secret');
  });

  it('stops at folders that are nested too deep', async () => {
    execFileSync('sh', ['-c', 'cd "$1"; for i in $(seq 300); do mkdir d && cd -P d; done', 'sh', root]);
    const walk = async () => {
      for await (const _ of walkInside(root, ''));
    };
    const error = await walk().catch((thrown: Error) => thrown.message);
    expect(error).to.equal('folders are nested more than 250 deep');
    expect(readFileSync(join(root, 'sub/file'), 'utf8')).to.equal('inside');
  });
});
