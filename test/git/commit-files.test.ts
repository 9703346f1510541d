import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { changedPaths, filesIn } from '../../src/git/commit-files.ts';
import { TestRepository } from '../support/repository.ts';

const bounds = { file: 100, total: 1000, files: 10 };
const folders = ['first', 'second/deep'];

describe('reading files of a commit', () => {
  let repository: TestRepository;
  beforeEach(() => {
    repository = new TestRepository({ README: 'x' });
  });
  afterEach(() => repository.remove());

  const files = (change = {}) =>
    filesIn(join(repository.path, '.git'), repository.head(), folders, /\.yml$/, { ...bounds, ...change });

  it('returns the files of the first folder that has matching files', async () => {
    expect(await files()).to.deep.equal([]);
    repository.commit('two', { 'second/deep/b.yml': 'two\r\n', 'second/deep/c.txt': '', 'second/deep/er/d.yml': '' });
    expect(await files()).to.deep.equal([{ path: 'second/deep/b.yml', text: 'two\r\n' }]);
    repository.commit('one', { 'first/ä "b".yml': 'öne', 'first/a.yml': 'one' });
    expect(await files()).to.deep.equal([
      { path: 'first/a.yml', text: 'one' },
      { path: 'first/ä "b".yml', text: 'öne' },
    ]);
  });

  it('returns the content at that commit', async () => {
    const before = repository.commit('one', { 'first/a.yml': 'one' });
    repository.commit('two', { 'first/a.yml': 'two' });
    const path = join(repository.path, '.git');
    expect(await filesIn(path, before, folders, /\.yml$/, bounds)).to.deep.equal([
      { path: 'first/a.yml', text: 'one' },
    ]);
  });

  it('leaves out links, and the text of too large files', async () => {
    repository.commit('some', {
      'first/a.yml': 'x'.repeat(101),
      'first/b.yml': 'y'.repeat(90),
      'first/c.yml': 'z'.repeat(90),
    });
    symlinkSync('/etc/passwd', join(repository.path, 'first/d.yml'));
    repository.commit('link');
    expect((await files({ total: 140 })).map(({ path, text }) => [path, text?.length])).to.deep.equal([
      ['first/a.yml', undefined],
      ['first/b.yml', 90],
      ['first/c.yml', undefined],
    ]);
    expect(await files({ files: 1 })).to.have.length(1);
  });

  it('lists the changed paths between two commits, up to a limit', async () => {
    const before = repository.commit('one', { a: '1', b: '1', 'c/d': '1' });
    repository.git('mv', 'a', 'moved');
    const after = repository.commit('two', { 'c/d': '2' });
    const path = join(repository.path, '.git');
    expect(await changedPaths(path, before, after, 10)).to.have.members(['a', 'moved', 'c/d']);
    expect(await changedPaths(path, before, after, 2)).to.equal(null);
    expect(await changedPaths(path, 'f'.repeat(40), after, 10)).to.equal(null);
  });
});
