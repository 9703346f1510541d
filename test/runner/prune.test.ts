import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Artifacts } from '../../src/job/storage/artifacts.ts';
import { Caches } from '../../src/job/storage/caches.ts';
import { KeptInstalls } from '../../src/job/storage/kept-installs.ts';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { pruneMachine } from '../../src/runner/prune.ts';
import { takeWorkFolder } from '../../src/runner/work-folder.ts';
import { TestFolders } from '../support/folder.ts';

const write = (bytes: number) => async (archive: string) => {
  writeFileSync(archive, 'x'.repeat(bytes));
  return { bytes, digest: '' };
};

const fail = (message: string) => expect.fail(message);
const inDays = (days: number) => Date.now() + days * 86_400_000;

describe('pruning a machine', () => {
  const folders = new TestFolders();
  let config: Config;
  let work: string;

  beforeEach(() => {
    config = loadConfig({ dataDir: folders.make(), keepWorkDays: 14, keepMirrorDays: 30 });
    work = dataPaths(config.dataDir).work;
  });
  after(folders.remove);

  /** What a runner has left that ended with something to report. */
  async function leave(name: string): Promise<string> {
    const folder = await takeWorkFolder(work, 'box', name);
    mkdirSync(join(folder.path, 'spool'));
    writeFileSync(join(folder.path, 'spool', '1-1.1.log'), 'not reported');
    folder.release();
    return folder.path;
  }

  it('removes the folder of a runner that has not run for the set number of days', async () => {
    const path = await leave('old');
    expect((await pruneMachine(config, fail, false, inDays(13))).workFolders).to.deep.equal([]);
    expect(existsSync(path)).to.equal(true);
    const { workFolders } = await pruneMachine(config, fail, false, inDays(15));
    expect(workFolders.map(({ name }) => name)).to.deep.equal(['old']);
    expect(existsSync(path)).to.equal(false);
  });

  it('keeps the folder of a live runner, however old', async () => {
    const folder = await takeWorkFolder(work, 'box', 'living');
    expect((await pruneMachine(config, fail, false, inDays(1000))).workFolders).to.deep.equal([]);
    expect(existsSync(folder.path)).to.equal(true);
    folder.release();
  });

  it('only lists in a dry run what it would remove', async () => {
    const path = await leave('old');
    const { workFolders } = await pruneMachine(config, fail, true, inDays(15));
    expect(workFolders).to.have.lengthOf(1);
    expect(existsSync(join(path, 'spool', '1-1.1.log'))).to.equal(true);
    (await takeWorkFolder(work, 'box', 'old')).release();
  });

  it('removes mirrors by their settings', async () => {
    const mirror = join(dataPaths(config.dataDir).mirrors, 'app-1.git');
    mkdirSync(mirror, { recursive: true });
    utimesSync(mirror, new Date(), new Date());
    expect((await pruneMachine(config, fail, false, inDays(29))).mirrors).to.deep.equal([]);
    expect((await pruneMachine(config, fail, false, inDays(31))).mirrors.map(({ path }) => path)).to.deep.equal([
      mirror,
    ]);
    expect(existsSync(mirror)).to.equal(false);
  });

  it('removes artifacts after the set number of days', async () => {
    const folder = join(dataPaths(config.dataDir).artifacts, 'app', '7');
    await new Artifacts(folder, 'ci.yml').save({ name: 'n', job: 'j', files: 1 }, write(3));
    expect((await pruneMachine(config, fail, false, inDays(13))).artifacts).to.deep.equal([]);
    expect((await pruneMachine(config, fail, true, inDays(15))).artifacts).to.have.lengthOf(1);
    expect((await pruneMachine(config, fail, false, inDays(15))).artifacts.map(({ build }) => build)).to.deep.equal([
      '7',
    ]);
    expect(existsSync(folder)).to.equal(false);
  });

  it('removes the least recently used installs beyond their limit, and those of removed repositories', async () => {
    const keep = (repository: string, digest: string) =>
      new KeptInstalls(dataPaths(config.dataDir).installs, repository, 1000).keep(
        { digest, what: digest },
        async (archive) => ({ bytes: (await write(6)(archive)).bytes }),
      );
    await keep('app+0', 'old');
    await keep('app+0', 'new');
    await keep('gone+0', 'gone');
    const known = new Set(['app+0']);
    const removed = await pruneMachine(config, fail, false, Date.now(), known);
    expect(removed.installs.map(({ what }) => what)).to.deep.equal(['all of gone']);
    const small = { ...config, installLimit: 6 / 1_073_741_824 };
    expect((await pruneMachine(small, fail)).installs).to.have.lengthOf(1);
    expect((await pruneMachine(small, fail)).installs).to.have.lengthOf(0);
  });

  it('removes the least recently used caches if there is no room for all', async () => {
    const folder = join(dataPaths(config.dataDir).caches, 'app+0');
    const caches = new Caches(folder);
    const wish = (key: string) => ({ key, restoreKeys: [], version: 'v', scopes: ['r'] });
    const used = async (key: string, days: number) => {
      await caches.save({ key, version: 'v', scope: 'r' }, write(6));
      const found = await caches.find(wish(key));
      utimesSync(found?.folder ?? '', new Date(inDays(-days)), new Date(inDays(-days)));
    };
    await used('old', 3);
    await used('useful', 2);
    await used('new', 1);
    const found = await caches.find(wish('old'));
    if (found) await caches.touch(found);
    const small = { ...config, cacheLimit: 12 / 1_073_741_824 };
    expect((await pruneMachine(small, fail)).caches).to.deep.equal([{ key: 'useful', bytes: 6 }]);
    expect(await caches.find(wish('useful'))).to.equal(undefined);
    expect(await caches.find(wish('old'))).to.not.equal(undefined);
    mkdirSync(join(folder, 'left.draft'));
    await pruneMachine(small, fail, false, inDays(2));
    expect(existsSync(join(folder, 'left.draft'))).to.equal(false);
  });
});
