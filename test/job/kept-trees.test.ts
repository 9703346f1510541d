import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { NotedTree } from '../../src/git/kept-tree.ts';
import { writeManifest } from '../../src/git/tree-manifest.ts';
import { KeptTrees } from '../../src/job/kept-trees.ts';
import { TestFolders } from '../support/folder.ts';
import { isWatched } from '../support/tree-snapshot.ts';
import { until } from '../support/until.ts';

const inDays = (days: number) => Date.now() + days * 86_400_000;

describe('what a runner keeps of checkouts', () => {
  const folders = new TestFolders();
  let folder: string;
  let problems: string[];
  let trees: KeptTrees;

  before(async function () {
    if (!(await isWatched(folders))) this.skip();
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

  /** A job's workspace with files of ten bytes, as it was noted. */
  async function workspace(files = 400): Promise<{ place: string; noted: NotedTree; path: string }> {
    const path = folders.make();
    for (let index = 0; index < files; index++) writeFileSync(join(path, `${index}`), '0123456789');
    const place = await trees.place();
    const [tree, index, manifest] = ['tree', 'index', 'manifest'].map((name) => join(place, name)) as [
      string,
      string,
      string,
    ];
    for (const args of [
      ['init', '--quiet'],
      ['add', '.'],
    ])
      execFileSync('git', args, { cwd: path });
    const entries = readFileSync(join(path, '.git/index'));
    writeFileSync(index, entries);
    // what was written within the tick of the manifest would not be kept
    const last = lstatSync(join(path, `${files - 1}`), { bigint: true }).ctimeNs;
    while (lstatSync(index, { bigint: true }).ctimeNs <= last) writeFileSync(index, entries);
    expect(await writeManifest(path, manifest)).to.equal(true);
    return { path, place, noted: { folder: tree, index, manifest, attributes: new Map(), sha256: false } };
  }

  async function keep(kind: string): Promise<string> {
    const { place, noted, path } = await workspace();
    await trees.settle(kind, place, noted, path);
    return place;
  }

  const taken = async (kind: string) => (await trees.take(kind))?.place;
  const gone = (place: string) => until(`${place} is gone`, () => !existsSync(place));

  it('is given to one job of the same kind', async () => {
    const place = await keep('a');
    expect(await taken('b')).to.equal(undefined);
    expect(await taken('a')).to.equal(place);
    expect(readdirSync(join(place, 'tree'))).to.have.length(400);
    expect(await taken('a')).to.equal(undefined);
  });

  it('is the newest first', async () => {
    const older = await keep('a');
    const newer = await keep('a');
    expect([await taken('a'), await taken('a')]).to.deep.equal([newer, older]);
  });

  it('is waited for while it is being made', async () => {
    const { place, noted, path } = await workspace();
    const settled = trees.settle('a', place, noted, path);
    expect(await taken('a')).to.equal(place);
    await settled;
  });

  it('is nothing where little is as it was', async () => {
    const { place, noted, path } = await workspace(200);
    await trees.settle('a', place, noted, path);
    expect(await taken('a')).to.equal(undefined);
    await gone(place);
  });

  it('is nothing where the workspace is gone; that is told, and harms nobody', async () => {
    const { place, noted, path } = await workspace();
    renameSync(path, `${path}-elsewhere`);
    await trees.settle('a', place, noted, path);
    renameSync(`${path}-elsewhere`, path);
    expect(await taken('a')).to.equal(undefined);
    await gone(place);
    expect(problems.join()).to.include('ENOENT');
  });

  it('takes no more than it may, and what was used the longest ago goes first', async () => {
    await trees.close();
    trees = await open(9000);
    const first = await keep('a');
    const second = await keep('b');
    await keep('c');
    await gone(first);
    expect(await taken('a')).to.equal(undefined);
    expect(await taken('b')).to.equal(second);
  });

  it('goes when no job has asked for it for a day, or when the disk is needed', async () => {
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

  it('is never what an earlier process has left', async () => {
    const place = await keep('a');
    mkdirSync(join(folder, 'half'));
    trees = await open();
    expect(await taken('a')).to.equal(undefined);
    await gone(place);
    await gone(join(folder, 'half'));
    expect(await taken('a')).to.equal(undefined);
  });
});
