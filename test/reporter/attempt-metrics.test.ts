import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import type { JobId } from '../../src/kernel/model.ts';
import { Database } from '../../src/record/database.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import { startAttempt } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { readTallies } from '../../src/redis/tallies.ts';
import { AttemptMetrics } from '../../src/reporter/attempt-metrics.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, plannedJob, recordedBuild } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const runner = { id: 'r~1', name: 'r', host: 'box' };

describe('the counts of the reporter', () => {
  const folders = new TestFolders();
  let test: TestAccess;
  let database: Database;
  let metrics: AttemptMetrics;

  before(async () => {
    test = await startAccess();
    database = await Database.open(loadConfig({ dataDir: folders.make() }));
    await observed(database);
    metrics = new AttemptMetrics(database, test.access);
  });
  beforeEach(() => test.access.client.flushall());
  after(async () => {
    await database.close();
    await test.stop();
    folders.remove();
  });

  async function tallied(name: string): Promise<{ labels: string[]; sum: number | undefined }[]> {
    await test.access.client.ping();
    const tallies = (await readTallies(test.access)).filter((tally) => tally.name === name);
    return tallies.map(({ labels, parts }) => ({ labels, sum: parts.get('sum') ?? parts.get('count') }));
  }

  it('include the wait and run time of attempts by repository and labels', async () => {
    const build = await recordedBuild(database, { jobs: [plannedJob('test', { labels: ['gpu', 'linux'] })] });
    const ref = { job: `${build}-1` as JobId, attempt: 1 };
    const { created_at: queuedAt } = await database.db
      .selectFrom('attempts')
      .select('created_at')
      .where('job_id', '=', ref.job)
      .executeTakeFirstOrThrow();
    const [startedAt, finishedAt] = [queuedAt + 2000, queuedAt + 9000];
    const finished = await finishAttempt(database, ref, {
      ...{ status: 'success', reason: null, message: null, exitCode: 0, steps: [], logBytes: 0, logComplete: true },
      ...{ runner, startedAt, finishedAt },
    });
    const time = (ms: number) => new Date(ms).toISOString();
    metrics.finished(
      { startedAt: time(startedAt), finishedAt: time(finishedAt) },
      finished ?? expect.fail('it has not moved'),
    );
    expect(await tallied('queue_wait')).to.deep.equal([{ labels: ['app', 'gpu,linux'], sum: 2 }]);
    expect(await tallied('run_time')).to.deep.equal([{ labels: ['app', 'gpu,linux'], sum: 7 }]);
  });

  it('include the time until a lost attempt runs again', async () => {
    const build = await recordedBuild(database);
    const first = { job: `${build}-1` as JobId, attempt: 1 };
    const lostAt = Date.now();
    await startAttempt(database, first, runner, lostAt - 5000);
    await metrics.started(first);
    await moveToNextAttempt(database, first, { reason: 'handed_back', message: 'stopping', at: lostAt, runner });
    await startAttempt(database, { ...first, attempt: 2 }, runner, lostAt + 400);
    await metrics.started({ ...first, attempt: 2 });
    expect(await tallied('recovery')).to.deep.equal([{ labels: [], sum: 0.4 }]);
  });

  it('include each verdict on a build once', async () => {
    const repository = new TestRepository({ 'test.sh': '#!/bin/sh\n' });
    const volt = await TestVolt.startAll();
    await volt.observe(repository.path, { name: 'app' });
    await volt.build(repository.head());
    const { access } = volt.context;
    const builds = async () => (await readTallies(access)).filter(({ name }) => name === 'builds');
    await until('the build is counted', async () => (await builds()).length > 0);
    expect((await builds()).map(({ labels, parts }) => [labels, parts.get('count')])).to.deep.equal([
      [['app', 'success'], 1],
    ]);
    await volt.stop();
    repository.remove();
  });
});
