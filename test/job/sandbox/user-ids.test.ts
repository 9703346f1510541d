import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { jobPaths, openArea } from '../../../src/job/sandbox/job-paths.ts';
import { homeOf } from '../../../src/job/sandbox/job-user.ts';
import { TestFolders } from '../../support/folder.ts';

const notes = '/var/tmp/volt-jobs/.homes';

describe('the user ids of homes', () => {
  const folders = new TestFolders();
  let dataDirs: string[];

  beforeEach(function () {
    if (process.getuid?.() !== 0) return this.skip();
    dataDirs = [folders.make(), folders.make(), folders.make()];
  });
  afterEach(() => {
    for (const dataDir of dataDirs ?? []) rmSync(openArea(dataDir), { recursive: true, force: true });
  });
  after(folders.remove);

  /** Makes homes for a number of repositories. @returns their users */
  function homes(level: 'sandbox' | 'user', dataDir = '', count = 40): Promise<number[]> {
    const place = { dataDir, homes: jobPaths(level, dataDir, 'box').homes };
    const made = Array.from({ length: count }, (_, index) => homeOf(place, `app${index}+0+default`, undefined));
    return Promise.all(made.map(async (each) => (await each).user.uid));
  }

  it('belong to one home each, across all Volts and levels on a machine', async () => {
    const made = await Promise.all([
      homes('user', dataDirs[0]),
      homes('user', dataDirs[1]),
      homes('sandbox', dataDirs[2]),
    ]);
    const all = made.flat();
    expect(new Set(all).size).to.equal(all.length);
    expect(await homes('user', dataDirs[0]), 'once they are made').to.deep.equal(made[0]);
    expect(statSync(notes).mode & 0o777).to.equal(0o700);
  });

  it('are free again when the data directory is gone, and then used last', async () => {
    const [left = '', dataDir = ''] = dataDirs;
    const [uid = 0] = await homes('user', left, 1);
    const { homes: leftHomes } = jobPaths('user', left, 'box');
    const noted = () => readdirSync(notes).some((name) => readFileSync(join(notes, name), 'utf8').startsWith(left));
    expect(noted()).to.equal(true);
    rmSync(left, { recursive: true });
    expect(await homes('user', dataDir)).to.not.include(uid);
    expect(noted()).to.equal(false);
    // a home for each id
    for (let id = 60_578; id < 60_578 + 606; id++) {
      mkdirSync(join(leftHomes, String(id)));
      chownSync(join(leftHomes, String(id)), id, id);
    }
    expect(await homes('sandbox', dataDir, 1)).to.have.length(1);
  });
});
