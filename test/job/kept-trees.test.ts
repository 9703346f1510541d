import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type NotedTree, noteTree } from '../../src/git/kept-tree.ts';
import { KeptTrees } from '../../src/job/kept-trees.ts';
import { TestFolders } from '../support/folder.ts';
import { isWatched } from '../support/tree-snapshot.ts';
import { until } from '../support/until.ts';

const inDays = (days: number) => Date.now() + days * 86_400_000;

describe('the kept checkouts of a runner', () => {
  const folders = new TestFolders();
  let folder: string;
  let problems: string[];
  let trees: KeptTrees;

  before(async function () {
    if (!isWatched(folders)) this.skip();
  });

  beforeEach(async () => {
    folder = folders.make();
    trees = await open();
  });

  afterEach(() => trees?.close());
  after(folders.remove);

  function open(limit = 1_000_000): Promise<KeptTrees> {
    problems = [];
    return KeptTrees.open(folder, limit, (message) => problems.push(message));
  }

  /** A job's checkout with files of ten bytes, as it was noted. */
  async function workspace(files = 400): Promise<{ place: string; noted: NotedTree; path: string }> {
    const path = folders.make();
    for (let index = 0; index < files; index++) writeFileSync(join(path, `${index}`), '0123456789');
    const place = await trees.makeFolder();
    const git = (...args: string[]) => execFileSync('git', args, { cwd: path });
    git('init', '--quiet');
    git('add', '.');
    // what was written within the same tick of the clock would not be kept
    const clock = join(folders.make(), 'clock');
    const last = lstatSync(join(path, `${files - 1}`), { bigint: true }).ctimeNs;
    do writeFileSync(clock, '');
    while (lstatSync(clock, { bigint: true }).ctimeNs <= last);
    return { path, place, noted: (await noteTree(path, '0'.repeat(40), place)) as NotedTree };
  }

  async function keep(kind: string): Promise<string> {
    const { place, noted, path } = await workspace();
    await trees.settle(kind, place, noted, path);
    return place;
  }

  const taken = async (kind: string) => (await trees.take(kind))?.folder;
  const gone = (place: string) => until(`${place} is gone`, () => !existsSync(place));

  it('go to one job of the same kind each', async () => {
    const place = await keep('a');
    expect(await taken('b')).to.equal(undefined);
    expect(await taken('a')).to.equal(place);
    expect(readdirSync(join(place, 'tree'))).to.have.length(400);
    expect(await taken('a')).to.equal(undefined);
  });

  it('are taken newest first', async () => {
    const older = await keep('a');
    const newer = await keep('a');
    expect([await taken('a'), await taken('a')]).to.deep.equal([newer, older]);
  });

  it('are waited for while they are settling', async () => {
    const { place, noted, path } = await workspace();
    const settled = trees.settle('a', place, noted, path);
    expect(await taken('a')).to.equal(place);
    await settled;
  });

  it('are removed when too few files are unchanged', async () => {
    const { place, noted, path } = await workspace(200);
    await trees.settle('a', place, noted, path);
    expect(await taken('a')).to.equal(undefined);
    await gone(place);
  });

  it('are removed when the workspace is gone, and the problem is reported', async () => {
    const { place, noted, path } = await workspace();
    renameSync(path, `${path}-elsewhere`);
    await trees.settle('a', place, noted, path);
    renameSync(`${path}-elsewhere`, path);
    expect(await taken('a')).to.equal(undefined);
    await gone(place);
    expect(problems.join()).to.include('ENOENT');
  });

  it('take no more disk than allowed: the oldest are removed first', async () => {
    await trees.close();
    trees = await open(9000);
    const first = await keep('a');
    const second = await keep('b');
    await keep('c');
    await gone(first);
    expect(await taken('a')).to.equal(undefined);
    expect(await taken('b')).to.equal(second);
  });

  it('are removed after a day without a job, or when the disk is needed', async () => {
    const first = await keep('a');
    trees.prune(inDays(0.9));
    expect(existsSync(first)).to.equal(true);
    trees.prune(inDays(1.1));
    await gone(first);
    const second = await keep('a');
    await trees.clear();
    expect(existsSync(second)).to.equal(false);
    expect(await taken('a')).to.equal(undefined);
  });

  it('of an earlier process are removed', async () => {
    const place = await keep('a');
    mkdirSync(join(folder, 'half'));
    trees = await open();
    expect(await taken('a')).to.equal(undefined);
    await gone(place);
    await gone(join(folder, 'half'));
    expect(await taken('a')).to.equal(undefined);
  });
});
