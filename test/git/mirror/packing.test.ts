import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkOut } from '../../../src/git/checkout.ts';
import { MirrorLock } from '../../../src/git/mirror/lock.ts';
import { Mirror } from '../../../src/git/mirror/mirror.ts';
import { packMirrors } from '../../../src/git/mirror/packing.ts';
import { TestFolders } from '../../support/folder.ts';
import { TestRepository } from '../../support/repository.ts';

describe('packing mirrors', () => {
  const folders = new TestFolders();
  const made: TestRepository[] = [];
  const signal = new AbortController().signal;
  const options = { signal, most: { loose: 2000, packs: 5, packsOfPart: 5 } };

  after(() => {
    for (const repository of made) repository.remove();
    folders.remove();
  });

  const countIn = (mirror: Mirror) => {
    const output = execFileSync('git', ['count-objects', '-v'], { cwd: mirror.path, encoding: 'utf8' });
    const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(output)?.[1]);
    return { loose: count('count'), packs: count('packs') };
  };
  const idsIn = (mirror: Mirror) =>
    execFileSync('git', ['cat-file', '--batch-check=%(objectname)', '--batch-all-objects', '--unordered'], {
      cwd: mirror.path,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .split('\n')
      .sort();

  /** A mirror after many fetches: packs, loose objects and a commit that no ref contains any more. */
  function busy(extent: { filter?: string } = {}, fetches = 12): { mirror: Mirror; repository: TestRepository } {
    const repository = new TestRepository({ 'a.txt': '0', 'b/c.txt': 'x' });
    made.push(repository);
    repository.git('config', 'uploadpack.allowFilter', 'true');
    repository.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
    const mirror = new Mirror(folders.make(), `file://${repository.path}`, extent);
    const { path } = mirror;
    execFileSync('git', ['init', '--quiet', '--bare', path]);
    if (extent.filter !== undefined) {
      const settings = { url: `file://${repository.path}`, promisor: 'true', partialclonefilter: extent.filter };
      for (const [key, value] of Object.entries(settings))
        execFileSync('git', ['config', `remote.origin.${key}`, value], { cwd: path });
    }
    const from = extent.filter === undefined ? [repository.path] : [`--filter=${extent.filter}`, 'origin'];
    const fetch = (limit: number) =>
      execFileSync(
        'git',
        ['-c', `fetch.unpackLimit=${limit}`, 'fetch', '-q', '--no-auto-maintenance', ...from, '+refs/*:refs/*'],
        { cwd: path },
      );
    repository.commit('forced away', { 'gone.txt': 'gone' });
    fetch(1);
    repository.git('reset', '--quiet', '--hard', 'HEAD~1');
    for (let count = 1; count <= fetches; count++) {
      repository.commit(`${count}`, { 'a.txt': `${count}` });
      fetch(count % 4 === 0 ? 100 : 1);
    }
    return { mirror, repository };
  }

  it('leaves few packs and no loose objects, loses no object, and disturbs no concurrent checkout', async () => {
    const { mirror, repository } = busy();
    const before = { ...countIn(mirror), ids: idsIn(mirror) };
    expect(before.packs).to.be.above(5);
    expect(before.loose).to.be.above(0);
    const checkouts = Array.from({ length: 6 }, async (_, index) => {
      const folder = join(folders.make(), 'workspace');
      const sha = repository.git('rev-parse', `HEAD~${index * 2}`);
      await checkOut(mirror, { url: repository.path, ref: 'refs/heads/main', sha, folder });
      return readFileSync(join(folder, 'a.txt'), 'utf8');
    });
    expect(await packMirrors(join(mirror.path, '..'), options)).to.deep.equal([mirror.path]);
    expect(await Promise.all(checkouts)).to.deep.equal(['12', '10', '8', '6', '4', '2']);
    expect(countIn(mirror)).to.deep.equal({ loose: 0, packs: 1 });
    expect(idsIn(mirror)).to.deep.equal(before.ids);
    execFileSync('git', ['fsck', '--connectivity-only', '--no-dangling'], { cwd: mirror.path, stdio: 'ignore' });
    // packing is not worthwhile then
    expect(await packMirrors(join(mirror.path, '..'), options)).to.deep.equal([]);
  }).timeout(20_000);

  it('keeps the objects and the filter of a filtered mirror', async () => {
    const { mirror } = busy({ filter: 'blob:none' });
    const before = idsIn(mirror);
    expect(await packMirrors(join(mirror.path, '..'), options)).to.deep.equal([mirror.path]);
    expect(idsIn(mirror)).to.deep.equal(before);
    const kinds = readdirSync(join(mirror.path, 'objects', 'pack')).map((name) => name.replace(/^.*\./, ''));
    expect(kinds).to.include('promisor');
    expect(countIn(mirror).packs).to.be.below(3);
    execFileSync('git', ['fsck', '--connectivity-only', '--no-dangling'], {
      cwd: mirror.path,
      stdio: 'ignore',
      env: { ...process.env, GIT_NO_LAZY_FETCH: '1' },
    });
  }).timeout(30_000);

  it('stops for an update of the mirror, and does not start during one', async () => {
    const { mirror } = busy({}, 1);
    const lock = new MirrorLock(mirror.path);
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const packing = lock.holdUntilWanted(signal, (unwanted: AbortSignal) => {
      begin();
      return new Promise((_, reject) => unwanted.addEventListener('abort', () => reject(unwanted.reason)));
    });
    await begun;
    await mirror.fetch();
    expect(await packing).to.equal(false);
    const busyElsewhere = lock.hold({}, async () => {
      expect(await lock.holdUntilWanted(signal, async () => undefined)).to.equal(false);
    });
    await busyElsewhere;
    expect(await lock.holdUntilWanted(signal, async () => undefined)).to.equal(true);
  });
});
