import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { copyBorrowedObjects } from '../../src/git/borrowed-objects.ts';
import { checkOut } from '../../src/git/checkout.ts';
import { git } from '../../src/git/command/git.ts';
import { limitHistory } from '../../src/git/limit-history.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

describe('a checkout with copied objects', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let mirror: Mirror;
  let other: string;

  before(async () => {
    repository = new TestRepository({ 'a.txt': 'a\n' });
    repository.git('switch', '--quiet', '--create', 'other');
    other = repository.commit('not for everybody', { 'secret.txt': 'secret\n' });
    repository.git('switch', '--quiet', 'main');
    repository.commit('second', { 'a.txt': 'b\n' });
    mirror = new Mirror(folders.make(), repository.path);
    await mirror.fetch();
  });

  after(() => {
    repository.remove();
    folders.remove();
  });

  async function take(depth: number): Promise<string> {
    const folder = join(folders.make(), 'workspace');
    const sha = repository.head();
    await checkOut(mirror, { url: repository.path, ref: 'refs/heads/main', sha, folder });
    await limitHistory(mirror, { folder, sha, depth, tags: false });
    await copyBorrowedObjects(folder, undefined);
    return folder;
  }
  const has = (folder: string, id: string) =>
    git(folder, ['cat-file', '-t', id]).then(
      () => true,
      () => false,
    );

  it('has the objects of its commit and no others of the mirror', async () => {
    const folder = await take(2);
    expect(existsSync(join(folder, '.git/objects/info/alternates'))).to.equal(false);
    expect(await git(folder, ['log', '--format=%s'])).to.equal('second\nfirst\n');
    expect(await git(folder, ['status', '--porcelain'])).to.equal('');
    expect(await git(folder, ['fsck'])).to.equal('');
    expect(await has(folder, other)).to.equal(false);
    expect(await has(folder, repository.git('rev-parse', 'other:secret.txt'))).to.equal(false);
  });

  it('has no commit older than its limited history', async () => {
    const folder = await take(1);
    expect(await git(folder, ['log', '--format=%s'])).to.equal('second\n');
    expect(await has(folder, repository.git('rev-parse', 'HEAD~1'))).to.equal(false);
    expect(await git(folder, ['fsck'])).to.equal('');
  });

  it('has all branches if a workflow fetches the whole history', async () => {
    const folder = await take(0);
    expect(await has(folder, other)).to.equal(true);
    expect(await git(folder, ['rev-parse', 'refs/remotes/origin/other'])).to.equal(`${other}\n`);
  });
});
