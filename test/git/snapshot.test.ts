import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeSnapshot } from '../../src/git/snapshot.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

describe('a snapshot of a work tree', () => {
  const folders = new TestFolders();
  let repository: TestRepository;

  beforeEach(() => {
    repository = new TestRepository({ 'a.txt': 'a\n' });
  });

  afterEach(() => repository.remove());

  after(folders.remove);

  // one of them is git's default for the first branch of a new repository
  for (const branch of ['main', 'master']) {
    it(`works on a branch named ${branch}`, async () => {
      repository.git('branch', '--move', branch);
      const snapshot = await takeSnapshot(repository.path, join(folders.make(), 'bare'));
      expect(snapshot).to.include({ sha: repository.head(), ref: `refs/heads/${branch}`, changed: false });
    });
  }

  it('contains uncommitted changes, and does not change index and branch of the work tree', async () => {
    const head = repository.head();
    writeFileSync(join(repository.path, 'b.txt'), 'b\n');
    const folder = join(folders.make(), 'bare');
    const snapshot = await takeSnapshot(repository.path, folder);
    expect(snapshot).to.include({ before: head, ref: 'refs/heads/main', changed: true });
    expect(repository.git('--git-dir', folder, 'show', `${snapshot.sha}:b.txt`)).to.equal('b');
    expect(repository.head()).to.equal(head);
    expect(repository.git('status', '--porcelain')).to.equal('?? b.txt');
  });
});
