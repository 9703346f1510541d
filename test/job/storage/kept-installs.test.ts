import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { KeptInstalls } from '../../../src/job/storage/kept-installs.ts';
import { removeForeign, removeLeastRecentlyUsed, removeSurplus } from '../../../src/job/storage/least-recently-used.ts';
import { TestFolders } from '../../support/folder.ts';
import { until } from '../../support/until.ts';

describe('kept installs', () => {
  const folders = new TestFolders();
  let all: string;
  let installs: KeptInstalls;

  beforeEach(() => {
    all = folders.make();
    installs = new KeptInstalls(all, 'app+1', 1000);
  });
  after(() => folders.remove());

  async function keep(digest: string, bytes = 10, into = installs): Promise<void> {
    await into.keep({ digest, what: `install ${digest}` }, async (archive) => {
      writeFileSync(archive, digest);
      return { bytes };
    });
  }

  it('are found by their digest, the newest first', async () => {
    await keep('a');
    expect((await installs.find('a'))?.about).to.include({ what: 'install a', bytes: 10 });
    expect(await installs.find('b')).to.equal(undefined);
    await keep('a', 20);
    const found = await installs.find('a');
    expect(found?.about.bytes).to.equal(20);
    expect(readFileSync(String(found?.archive), 'utf8')).to.equal('a');
    expect(readdirSync(join(all, 'app+1')), 'the earlier one is removed').to.have.length(1);
  });

  it('do not belong to other repositories', async () => {
    await keep('a');
    expect(await new KeptInstalls(all, 'other+2', 1000).find('a')).to.equal(undefined);
  });

  it('are found as a whole or not at all', async () => {
    let write: () => void = () => undefined;
    const written = new Promise<void>((resolve) => {
      write = resolve;
    });
    const keeping = installs.keep({ digest: 'a', what: '' }, async (archive) => {
      writeFileSync(archive, 'half');
      await written;
      return { bytes: 1 };
    });
    // as a killed process leaves it
    expect(await installs.find('a')).to.equal(undefined);
    write();
    await keeping;
    expect(await installs.find('a')).not.to.equal(undefined);
    const failing = installs.keep({ digest: 'b', what: '' }, async () => {
      throw new Error('the disk is full');
    });
    expect(await failing.catch(String)).to.include('the disk is full');
    expect(await installs.find('b')).to.equal(undefined);
    expect(readdirSync(join(all, 'app+1'))).to.have.length(1);
  });

  it('that two jobs store at the same time leave one complete archive', async () => {
    await Promise.all([keep('a'), keep('a'), keep('a')]);
    const found = await installs.find('a');
    expect(readFileSync(String(found?.archive), 'utf8')).to.equal('a');
  });

  it('are kept up to a limit, the most recently used', async () => {
    for (const [age, digest] of [
      [30, 'a'],
      [20, 'b'],
      [10, 'c'],
    ] as const) {
      await keep(digest, 400);
      const found = await installs.find(digest);
      const used = Date.now() / 1000 - age;
      if (found) utimesSync(found.folder, used, used);
    }
    expect(await installs.find('a'), 'removed when another was kept').to.equal(undefined);
    await installs.find('b');
    const pruned = await removeSurplus(all, 500, true, Date.now());
    expect(pruned).to.deep.equal([{ what: 'install c', bytes: 400 }]);
    expect(await removeSurplus(all, 500, false, Date.now())).to.deep.equal(pruned);
    expect(await installs.find('c')).to.equal(undefined);
    expect(await installs.find('b')).not.to.equal(undefined);
  });

  it('make room on a full disk, the least recently used first', async () => {
    for (const [age, digest] of [
      [30, 'a'],
      [20, 'b'],
      [10, 'c'],
    ] as const) {
      await keep(digest, 100);
      const found = await installs.find(digest);
      if (found) utimesSync(found.folder, Date.now() / 1000 - age, Date.now() / 1000 - age);
    }
    const removed = await removeLeastRecentlyUsed(all, 150);
    expect(removed.map(({ what }) => what)).to.deep.equal(['install a', 'install b']);
    expect(await installs.find('c')).not.to.equal(undefined);
  });

  it('are not kept with a limit of 0', async () => {
    const none = new KeptInstalls(all, 'app+1', 0);
    expect(none.isOff).to.equal(true);
    await keep('a');
    expect(await none.find('a')).to.equal(undefined);
  });

  it('of a removed repository are removed, and what a killed process left a day ago', async () => {
    await keep('a');
    await keep('b', 10, new KeptInstalls(all, 'gone+2', 1000));
    const removed = await removeForeign(all, (key) => key === 'app+1', false);
    expect(removed.map(({ what }) => what)).to.deep.equal(['all of gone']);
    expect(readdirSync(all)).to.deep.equal(['app+1']);
    const left = join(all, 'app+1', 'c-1.0.draft');
    mkdirSync(left);
    await removeSurplus(all, 1000, false, Date.now());
    expect(readdirSync(join(all, 'app+1'))).to.include('c-1.0.draft');
    await removeSurplus(all, 1000, false, Date.now() + 2 * 86_400_000);
    expect(readdirSync(join(all, 'app+1'))).to.have.length(1);
  });

  it('are renamed to a draft before they are removed, so that a killed process leaves only a draft', async () => {
    await keep('a');
    const names: string[] = [];
    const watcher = watch(join(all, 'app+1'), (_event, name) => void names.push(String(name)));
    try {
      await removeLeastRecentlyUsed(all, 10);
      await until('the renaming', () => names.some((name) => name.startsWith('a-') && name.endsWith('.draft')));
    } finally {
      watcher.close();
    }
    expect(readdirSync(join(all, 'app+1'))).to.deep.equal([]);
  });

  it('without a description that can be read are removed a day later', async () => {
    for (const digest of ['a', 'b', 'c']) await keep(digest);
    const folderOf = async (digest: string) => String((await installs.find(digest))?.folder);
    const [a, b] = [await folderOf('a'), await folderOf('b')];
    rmSync(join(a, 'about.json'));
    writeFileSync(join(b, 'about.json'), '{');
    await removeSurplus(all, 1000, false, Date.now());
    expect(readdirSync(join(all, 'app+1'))).to.have.length(3);
    await removeSurplus(all, 1000, false, Date.now() + 2 * 86_400_000);
    expect(readdirSync(join(all, 'app+1'))).to.have.length(1);
    expect(await installs.find('c')).not.to.equal(undefined);
  });
});
