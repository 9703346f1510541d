import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { readTree } from '../../src/job/read-tree.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

describe('what discovery reads of a commit', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  beforeEach(() => {
    repository = new TestRepository();
  });
  afterEach(() => repository.remove());
  after(folders.remove);

  async function read(options: { filter?: string } = {}) {
    const mirror = new Mirror(folders.make(), repository.path, options);
    await mirror.fetch();
    return readTree(mirror, repository.head());
  }

  it('is all names, those in the fewest folders first, and the texts of describing files', async () => {
    repository.commit('files', {
      'a/b/package.json': '{"ä": 1}\r\n',
      'a/c.txt': 'not read',
      Makefile: 'test:\n',
      'test.sh': '',
      'odd "name"\n\t/ü.sln': 'x',
    });
    const tree = await read();
    expect(tree.files.map(({ path }) => path)).to.deep.equal([
      'Makefile',
      'test.sh',
      'a/c.txt',
      'odd "name"\n\t/ü.sln',
      'a/b/package.json',
    ]);
    expect(tree.files.flatMap(({ path, executable }) => (executable ? [path] : []))).to.deep.equal(['test.sh']);
    expect(tree.texts).to.deep.equal([
      ['Makefile', 'test:\n'],
      ['a/b/package.json', '{"ä": 1}\r\n'],
    ]);
    expect(tree.isCut).to.equal(false);
  });

  it('follows links inside of the commit, and no others', async () => {
    repository.commit('files', { 'build/make.mk': 'test:\n', 'build/run.sh': '' });
    for (const [name, target] of [
      ['Makefile', 'build/make.mk'],
      ['test.sh', 'build/run.sh'],
      ['package.json', '/etc/passwd'],
      ['go.mod', '../go.mod'],
      ['pom.xml', 'pom.xml'],
      ['mix.exs', 'build'],
      ['.volt.yml', 'build/make.mk'],
    ] as const)
      symlinkSync(target, join(repository.path, name));
    repository.commit('links');
    const tree = await read();
    expect(tree.files.map(({ path }) => path)).to.have.members([
      'build/make.mk',
      'build/run.sh',
      'Makefile',
      'test.sh',
      '.volt.yml',
    ]);
    expect(tree.hasLinks).to.equal(true);
    expect(tree.files.find(({ path }) => path === 'test.sh')?.executable).to.equal(true);
    expect(tree.texts).to.deep.equal([['Makefile', 'test:\n']]);
  });

  it('leaves out a text that is too large, and says so, and takes the head of a lock file', async () => {
    const lock = `# yarn lockfile v1\n${'x'.repeat(300_000)}`;
    repository.commit('files', { 'package.json': `{}${' '.repeat(250_000)}`, 'yarn.lock': lock });
    const tree = await read();
    expect(tree.texts.map(([path, text]) => [path, text.length])).to.deep.equal([['yarn.lock', 1000]]);
    expect(tree.isCut).to.equal(true);
  });

  it('takes no lock file of a folder that discovery does not search, and bounds what git prints of the others', async () => {
    const lock = (at: string) => `# yarn lockfile v1\n${at}${'x'.repeat(4_500_000)}`;
    const folders = ['a', 'a/b', 'c', 'd', 'e', 'f', 'g'].map((folder) => [`${folder}/yarn.lock`, lock(folder)]);
    const others = ['a/b/c', 'examples/a', 'vendor'].map((folder) => [`${folder}/yarn.lock`, folder]);
    repository.commit('files', { ...Object.fromEntries([...folders, ...others]), 'go.mod': 'module x' });
    const expected = ['a/yarn.lock', 'c/yarn.lock', 'd/yarn.lock', 'e/yarn.lock', 'go.mod'];
    for (const _ of ['first', 'from memory']) {
      const { texts, isCut } = await read();
      expect(texts.map(([path]) => path).sort()).to.deep.equal(expected);
      expect(isCut).to.equal(true);
    }
  });

  it('reads a commit whose describing files are many and large, up to a bound of all together', async function () {
    this.timeout(60_000);
    const text = (at: number) => `${at}${' '.repeat(240_000)}`;
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`a${at}/package.json`, text(at)]));
    repository.commit('files', { ...files, Makefile: 'test:\n' });
    const tree = await read();
    expect(tree.texts.map(([path]) => path)).to.deep.equal([
      ...['Makefile', 'a0/package.json', 'a1/package.json', 'a10/package.json', 'a100/package.json'],
    ]);
    expect(tree.isCut).to.equal(true);
  });

  it('has the texts of a bounded number of Python tests, beside those of all describing files', async () => {
    const names = Array.from({ length: 120 }, (_, at) => `tests/test_${at + 100}.py`);
    const tests = Object.fromEntries(names.map((name) => [name, 'import pytest\n']));
    repository.commit('files', { ...tests, 'tests/__init__.py': '', 'tests/other.py': '', 'a/b/c/setup.py': '#' });
    const tree = await read();
    const known = tree.texts.map(([path]) => path);
    expect(known).to.have.length(101).and.include('a/b/c/setup.py').and.include('tests/__init__.py');
    expect(known).not.to.include('tests/other.py');
    expect(tree.isCut).to.equal(false);
  });

  it('keeps bytes that are not UTF-8, and the file after them', async () => {
    repository.commit('files', { Makefile: 'test:\n', 'a/Makefile': 'x' });
    writeFileSync(join(repository.path, 'a/Makefile'), Buffer.from([0xff, 0xfe, 0x0a, 0]));
    writeFileSync(join(repository.path, 'a/go.mod'), 'module x');
    repository.commit('bytes');
    expect(new Map((await read()).texts).get('a/go.mod')).to.equal('module x');
  });

  it('fetches the texts into a mirror without files', async () => {
    repository.git('config', 'uploadpack.allowFilter', 'true');
    repository.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
    repository.commit('files', { 'go.mod': `module x${Date.now()}`, 'a.go': 'package a' });
    const tree = await read({ filter: 'blob:none' });
    expect(tree.texts[0]?.[1]).to.match(/^module x/);
  });

  it('is cut to a bounded number of files, of a huge commit', async function () {
    this.timeout(60_000);
    repository.commit('files', { 'go.mod': 'module x', 'test.sh': '' });
    const blob = repository.git('hash-object', '-w', 'go.mod');
    const lines = Array.from({ length: 30_000 }, (_, at) => `100644 ${blob} 0\ta/${at}/go.mod`).join('\n');
    execFileSync('git', ['update-index', '--add', '--index-info'], { cwd: repository.path, input: `${lines}\n` });
    repository.git('commit', '--quiet', '--message', 'huge');
    const tree = await read();
    expect(tree.files).to.have.length(20_000);
    expect(tree.files[0]?.path).to.equal('go.mod');
    expect(tree.texts).to.have.length(500);
    expect(tree.isCut).to.equal(true);
  });

  it('is cut to a bounded length of names', async () => {
    repository.commit('files', { 'go.mod': 'module x' });
    const blob = repository.git('hash-object', '-w', 'go.mod');
    const lines = Array.from({ length: 1000 }, (_, at) => `100644 ${blob} 0\t${`${'x'.repeat(240)}/`.repeat(15)}${at}`);
    execFileSync('git', ['update-index', '--add', '--index-info'], {
      cwd: repository.path,
      input: `${lines.join('\n')}\n`,
    });
    repository.git('commit', '--quiet', '--message', 'long');
    const tree = await read();
    expect(tree.files.reduce((sum, { path }) => sum + path.length, 0)).to.be.within(1_900_000, 2_000_000);
    expect(tree.isCut).to.equal(true);
  });
});
