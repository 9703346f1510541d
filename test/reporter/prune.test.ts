import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { dataPaths, logFile } from '../../src/kernel/data-paths.ts';
import type { Build, BuildId, JobId } from '../../src/kernel/model.ts';
import { findBuild } from '../../src/record/builds.ts';
import type { Database } from '../../src/record/database.ts';
import type { NewBuild } from '../../src/record/plans.ts';
import { pruneResults } from '../../src/reporter/prune.ts';
import { writeTestResults } from '../../src/reporter/test-results.ts';
import { only } from '../support/database.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord, recordedBuild } from '../support/record.ts';

describe('removing expired builds and logs', () => {
  const folders = new TestFolders();
  let database: Database;
  let config: Config;

  beforeEach(async () => {
    config = loadConfig({ dataDir: folders.make(), keepDays: 30, keepLogDays: 10, keepAtLeast: 1 });
    database = await openRecord(config.dataDir);
    await observed(database);
  });
  afterEach(() => database.close());
  after(folders.remove);

  const log = (build: BuildId) => logFile(config.dataDir, { job: `${build}-1` as JobId, attempt: 1 });
  const result = (sha: string, end = 'json') => join(dataPaths(config.dataDir).testResults, 'app', `${sha}.${end}`);
  const sha = (digit: string) => digit.repeat(40);

  function writeLog(build: BuildId): void {
    mkdirSync(dirname(log(build)), { recursive: true });
    writeFileSync(log(build), 'log\n');
  }

  /** A finished build with all its files. */
  async function build(daysAgo: number, change: Partial<NewBuild>): Promise<BuildId> {
    const id = await finishedBuild(database, daysAgo, change);
    writeLog(id);
    await writeTestResults(database, config.dataDir, (await findBuild(database, id)) as Build);
    return id;
  }

  it('removes old builds from the database, and their logs and results from the disk', async () => {
    const old = await build(31, { sha: sha('a') });
    const young = await build(1, { sha: sha('b') });
    const pruned = await pruneResults({ database, config });
    expect(pruned).to.include({ builds: 1, logs: 0, orphans: 0 });
    expect(pruned.bytes).to.be.above(0);
    expect(await findBuild(database, old)).to.equal(undefined);
    expect([log(old), result(sha('a')), result(sha('a'), 'log')].filter(existsSync)).to.deep.equal([]);
    expect([log(young), result(sha('b')), result(sha('b'), 'log')].every(existsSync)).to.equal(true);
  });

  only.sqlite('takes copies of the record from before an upgrade off the disk, when they are old', async () => {
    const { record: file } = dataPaths(config.dataDir);
    const [old, young, other] = [`${file}.schema-3`, `${file}.schema-4`, `${file}.schema-mine`];
    for (const copy of [old, young, other]) writeFileSync(copy, 'a copy');
    const daysAgo = (days: number) => Date.now() / 1000 - days * 86_400;
    for (const copy of [old, other]) utimesSync(copy, daysAgo(31), daysAgo(31));
    utimesSync(young, daysAgo(29), daysAgo(29));
    expect(await pruneResults({ database, config }, { dryRun: true })).to.include({ bytes: 6 });
    await pruneResults({ database, config });
    expect([old, young, other].map(existsSync)).to.deep.equal([false, true, true]);
  });

  it('removes label sets without open jobs', async () => {
    await recordedBuild(database);
    await database.db.insertInto('label_sets').values({ labels: '["once"]', time: 7 }).execute();
    const known = () => database.db.selectFrom('label_sets').select('labels').execute();
    await pruneResults({ database, config }, { dryRun: true });
    expect(await known()).to.have.length(2);
    await pruneResults({ database, config });
    expect(await known()).to.deep.equal([{ labels: '[]' }]);
  });

  it('keeps the results of a commit with a newer build, without the old build', async () => {
    await build(31, { sha: sha('a') });
    const young = await build(1, { sha: sha('a') });
    const written = () => JSON.parse(readFileSync(result(sha('a')), 'utf8'));
    expect(written().others).to.have.lengthOf(1);
    await pruneResults({ database, config });
    expect(written()).to.deep.include({ id: young, others: [] });
  });

  it('removes logs before their builds, and records that', async () => {
    const id = await build(11, { sha: sha('a') });
    await build(1, { sha: sha('b') });
    expect(await pruneResults({ database, config })).to.include({ builds: 0, logs: 1 });
    expect(existsSync(log(id))).to.equal(false);
    expect(await findBuild(database, id)).to.include({ id });
    const attempt = await database.db
      .selectFrom('attempts')
      .selectAll()
      .where('job_id', '=', `${id}-1` as JobId)
      .executeTakeFirst();
    expect(attempt).to.include({ log_bytes: null });
  });

  it('removes logs of unknown builds, and keeps those of open builds', async () => {
    const open = await recordedBuild(database);
    writeLog(open);
    writeLog('999' as BuildId);
    expect(await pruneResults({ database, config })).to.include({ builds: 0, logs: 0, orphans: 1 });
    expect([existsSync(log(open)), existsSync(log('999' as BuildId))]).to.deep.equal([true, false]);
  });

  it('with dryRun only reports what it would remove', async () => {
    const old = await build(31, { sha: sha('a') });
    await build(11, { sha: sha('b') });
    await build(1, { sha: sha('c') });
    expect(await pruneResults({ database, config }, { dryRun: true })).to.include({ builds: 1 });
    expect(await findBuild(database, old)).to.include({ id: old });
    expect(existsSync(log(old))).to.equal(true);
  });
});
