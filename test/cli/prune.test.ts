import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { repositoryKey } from '../../src/kernel/names.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { volt } from '../support/cli.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord } from '../support/record.ts';

describe('volt prune', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('removes expired data while other processes use the database; with --dry-run it only reports them', async () => {
    const data = folders.make();
    const database = await openRecord(data);
    await observed(database);
    for (const daysAgo of [40, 35, 1]) await finishedBuild(database, daysAgo);
    mkdirSync(join(dataPaths(data).logs, '77'), { recursive: true });
    const { url } = await observed(database);
    for (const key of [repositoryKey({ name: 'app', url }), 'gone+0'])
      for (const kept of ['homes', 'caches'] as const)
        mkdirSync(join(dataPaths(data)[kept], kept === 'homes' ? `${key}+default` : key), { recursive: true });
    const env = { VOLT_KEEP_DAYS: '30', VOLT_KEEP_AT_LEAST: '1' };
    const dry = await volt(['prune', '--dry-run', '--data', data], { env });
    expect(dry.stdout).to.match(/^would delete 2 builds .* logs of 1 unknown builds/);
    expect(dry.stdout).to.include('would delete 1 job homes');
    const end = await volt(['prune', '--json', '--data', data], { env });
    expect(end.code, end.stderr).to.equal(0);
    const { homes, ...rest } = JSON.parse(end.stdout);
    // some file systems report the size of the folder itself
    expect(homes.map(({ bytes, ...home }: { bytes: number }) => [home, bytes < 10_000])).to.deep.equal([
      [{ repository: 'gone' }, true],
    ]);
    expect(rest).to.deep.include({
      dryRun: false,
      builds: 2,
      orphans: 1,
      mirrors: [],
      workFolders: [],
      caches: [{ key: 'all of gone', bytes: 0 }],
    });
    expect(await database.db.selectFrom('builds').selectAll().execute()).to.have.lengthOf(1);
    const entries = await listActions(database, { limit: 9 });
    expect(entries.map(({ action, target }) => [action, target])).to.deep.equal([['data.prune', '2 builds']]);
    await database.close();
  });

  it('does not create a database if none exists', async () => {
    const data = folders.make();
    expect(await volt(['prune', '--data', data])).to.include({ code: 0, stdout: 'nothing to remove\n' });
    expect(existsSync(dataPaths(data).record)).to.equal(false);
  });
});
