import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkOut } from '../../../src/git/checkout.ts';
import { Mirror } from '../../../src/git/mirror/mirror.ts';
import { listMirrors, pruneMirrors } from '../../../src/git/mirror/prune.ts';
import { useMark } from '../../../src/git/mirror/use.ts';
import { TestFolders } from '../../support/folder.ts';
import { TestRepository } from '../../support/repository.ts';

const hour = 3_600_000;

describe('the mirrors on the disk', () => {
  const folders = new TestFolders();
  const repositories = ['one', 'two', 'three'].map((name) => new TestRepository({ 'name.txt': name }));
  after(() => {
    folders.remove();
    for (const repository of repositories) repository.remove();
  });

  /** Mirrors of the repositories, the first used the longest ago. */
  async function mirrors(): Promise<{ folder: string; paths: string[] }> {
    const folder = folders.make();
    const paths: string[] = [];
    for (const [index, { path }] of repositories.entries()) {
      const mirror = new Mirror(folder, path);
      await mirror.fetch();
      const used = new Date(Date.now() - (100 - index) * hour);
      utimesSync(join(mirror.path, useMark), used, used);
      paths.push(mirror.path);
    }
    return { folder, paths };
  }

  it('are listed with their repository, size and last use', async () => {
    const { folder, paths } = await mirrors();
    const found = await listMirrors(folder);
    expect(found.map(({ path }) => path)).to.have.members(paths);
    const first = found.find(({ path }) => path === paths[0]);
    expect(first?.url).to.equal(repositories[0]?.path);
    expect(first?.bytes).to.be.above(1000);
    expect(Date.now() - (first?.usedAt ?? 0)).to.be.within(99 * hour, 101 * hour);
  });

  it('count as used at each fetch and checkout', async () => {
    const { folder, paths } = await mirrors();
    const used = async (path: string) =>
      (await listMirrors(folder)).find((mirror) => mirror.path === path)?.usedAt ?? 0;
    await new Mirror(folder, repositories[0]?.path as string).fetch();
    expect(Date.now() - (await used(paths[0] as string))).to.be.below(hour);
    const mirror = new Mirror(folder, repositories[1]?.path as string);
    const sha = repositories[1]?.head() as string;
    await checkOut(mirror, { url: '', ref: 'refs/heads/main', sha, folder: join(folders.make(), 'job') });
    expect(Date.now() - (await used(paths[1] as string))).to.be.below(hour);
  });

  it('are removed after a long time without use, and fetched again at the next use', async () => {
    const { folder, paths } = await mirrors();
    const removed = await pruneMirrors(folder, { days: 99.5 / 24, limit: 0 }, false, Date.now());
    expect(removed.map(({ path }) => path)).to.deep.equal([paths[0]]);
    expect(existsSync(paths[0] as string)).to.equal(false);
    expect(readdirSync(folder), 'with their locks').to.have.lengthOf(4);
    const again = new Mirror(folder, repositories[0]?.path as string);
    await again.require(repositories[0]?.head() as string);
    expect(existsSync(paths[0] as string)).to.equal(true);
  });

  it('are removed, the longest unused first, if they are too large together', async () => {
    const { folder, paths } = await mirrors();
    const total = (await listMirrors(folder)).reduce((sum, { bytes }) => sum + bytes, 0);
    const removed = await pruneMirrors(folder, { days: 0, limit: total - 1 }, false, Date.now());
    expect(removed.map(({ path }) => path)).to.deep.equal([paths[0]]);
  });

  it('stay if a job may use them, whatever their size', async () => {
    const { folder } = await mirrors();
    expect(await pruneMirrors(folder, { days: 0, limit: 1 }, false, Date.now() - 90 * hour)).to.deep.equal([]);
    expect(await listMirrors(folder)).to.have.lengthOf(3);
  });
});
