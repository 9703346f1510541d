import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { changedFiles } from '../../src/git/changed-files.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

describe('the files that two commits have differently', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let mirror: Mirror;
  let from: string;

  before(() => {
    repository = new TestRepository({
      '.github/workflows/ci.yml': 'on: push\n',
      'tools/say/action.yml': 'name: say\n',
      'src/a.txt': 'a\n',
    });
    from = repository.head();
    mirror = new Mirror(folders.make(), repository.path);
  });
  after(() => {
    repository.remove();
    folders.remove();
  });

  const globs = ['.github/**', '**/action.yml'];
  const bounds = { files: 10, diff: 10_000, total: 100_000 };

  async function changesOf(files: Record<string, string>, change = {}, remove: string[] = []) {
    repository.git('checkout', '--quiet', '--detach', from);
    if (remove.length > 0) repository.git('rm', '--quiet', ...remove);
    const to = repository.commit('a change', files);
    await mirror.requireCommit(to);
    return changedFiles(mirror, { from, to }, globs, { ...bounds, ...change });
  }

  it('are those that match, with their diffs', async () => {
    const changes = {
      '.github/workflows/ci.yml': 'on: pull_request\n',
      'a b/action.yml': 'name: b\n',
      'src/a.txt': 'b\n',
    };
    const { files } = await changesOf(changes, {}, ['tools/say/action.yml']);
    expect(files.map(({ path, status }) => [path, status])).to.deep.equal([
      ['.github/workflows/ci.yml', 'changed'],
      ['a b/action.yml', 'added'],
      ['tools/say/action.yml', 'removed'],
    ]);
    expect(files[0]?.diff).to.equal('@@ -1 +1 @@\n-on: push\n+on: pull_request\n');
    expect(files[1]?.diff).to.include('+name: b');
  });

  it('are shown even if attributes call them binary, and told apart by their content', async () => {
    const hidden = { '.gitattributes': '*.yml binary -diff\n' };
    const [one, other] = [
      await changesOf({ ...hidden, '.github/workflows/ci.yml': 'on: x\n' }),
      await changesOf({ ...hidden, '.github/workflows/ci.yml': 'on: y\n' }),
    ];
    expect(one.files[0]?.diff).to.include('+on: x');
    expect(one.listing).to.not.equal(other.listing);
  });

  it('have no diff beyond the bounds, but are all listed', async () => {
    const many = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`.github/${index}`, 'x'.repeat(100)]));
    const cut = await changesOf(many, { files: 2 });
    expect(cut.files.map(({ diff }) => diff === null)).to.deep.equal([false, false, true, true]);
    const large = await changesOf({ '.github/large': 'x\n'.repeat(9000) }, { diff: 9000 });
    expect(large.files).to.deep.equal([{ path: '.github/large', status: 'added', diff: null }]);
    const full = await changesOf(many, { total: 300 });
    expect(full.files.map(({ diff }) => diff === null)).to.deep.equal([false, true, true, true]);
  });

  it('are the first ones before others, which cannot use up the room for their diffs', async () => {
    const many = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`.github/A/${index}`, 'x\n']));
    const isFirst = (path: string) => path.startsWith('.github/workflows/');
    const { files } = await changesOf({ ...many, '.github/workflows/ci.yml': 'on: x\n' }, { files: 2, isFirst });
    expect(files[0]).to.include({ path: '.github/workflows/ci.yml' });
    expect(files[0]?.diff).to.include('+on: x');
    expect(files.slice(1).map(({ path }) => path)).to.deep.equal(Object.keys(many));
  });

  it('have no diff rather than an empty one where git does not find their path', async () => {
    repository.git('checkout', '--quiet', '--detach', from);
    const blob = repository.git('rev-parse', 'HEAD:src/a.txt');
    const entry = Buffer.concat([Buffer.from(`100644 ${blob}\t.github/`), Buffer.from([0xff]), Buffer.from('.yml\0')]);
    execFileSync('git', ['-C', repository.path, 'update-index', '-z', '--index-info'], { input: entry });
    repository.git('commit', '--quiet', '-m', 'an odd name');
    const to = repository.head();
    repository.git('reset', '--quiet', '--hard', from);
    await mirror.requireCommit(to);
    const { files } = await changedFiles(mirror, { from, to }, globs, bounds);
    expect(files).to.deep.equal([{ path: '.github/\ufffd.yml', status: 'added', diff: null }]);
  });
});
