import { expect } from 'chai';
import { type BuildId, type JobId, jobIdOf } from '../../src/kernel/model.ts';
import { serverNow } from '../../src/kernel/server-time.ts';
import { findBuild } from '../../src/record/builds.ts';
import type { Database } from '../../src/record/database.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import { findIntent, openCancel, openCancels, openRetries, openRetry } from '../../src/record/intents.ts';
import { decideJob, queueJob, startAttempt } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { buildsAtRest, openJobs } from '../../src/record/open-jobs.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { retryJobs } from '../../src/record/retries.ts';
import { applyPlan, insertWorkflows, OutOfDate, planState } from '../../src/record/workflows.ts';
import { failure } from '../support/failure.ts';
import { observed, plannedJob, recordedBuild, withRecord } from '../support/record.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };
const failed = { status: 'failure', reason: 'exit_code', message: 'exited with code 1' } as const;
const lost = { reason: 'runner_lost', message: 'gone', at: 1 } as const;

describe('a retry', () => {
  let database: Database;
  let build: BuildId;
  let intent: number;

  withRecord((opened) => {
    database = opened;
  });
  beforeEach(async () => {
    build = await recordedBuild(database, {
      message: '3 older commits were passed over',
      jobs: [plannedJob('lint'), plannedJob('test', { needs: ['lint'] })],
    });
  });

  const job = (position: number): JobId => jobIdOf(build, position);
  const found = async () => (await findBuild(database, build)) ?? expect.fail('there is no build');
  const run = (position: number, attempt: number, change: object = {}) =>
    finishAttempt(
      database,
      { job: job(position), attempt },
      {
        ...failed,
        runner: box,
        exitCode: 1,
        steps: [],
        logBytes: 0,
        logComplete: true,
        startedAt: 5,
        finishedAt: 6,
        ...change,
      },
    );
  const skip = (attempt: number) =>
    decideJob(database, { job: job(2), attempt }, { status: 'skipped', reason: 'needs_failed', message: 'no' }, 7);
  const retry = async (chosen: number[] = [1, 2]) => {
    intent = await openRetry(database, 'app', build, { job: null, failedOnly: true });
    return retryJobs(database, { id: intent, build }, () => chosen.map(job));
  };

  it('is refused if the repository was removed and another one has its name', async () => {
    await run(1, 1);
    await skip(0);
    await removeRepository(database, 'app', false);
    await observed(database, 'app', { url: 'https://other.example/app.git' });
    const error = await failure('conflict', () => retry());
    expect(error.message).to.include('of another repository, which was named app before');
    expect((await found()).status).to.equal('failure');
    build = await recordedBuild(database, { sha: 'f'.repeat(40) });
    await run(1, 1);
    expect(await retry([1])).to.equal(true);
  });

  it('moves the build to running and its jobs to waiting, each with a further attempt', async () => {
    await startAttempt(database, { job: job(1), attempt: 1 }, box, 5);
    await run(1, 1);
    await skip(0);
    expect(await found()).to.include({ status: 'failure', reason: 'job_failed' });
    await database.write((db) =>
      db
        .updateTable('builds')
        .set({ finished_at: serverNow() - 60_000 })
        .execute(),
    );
    expect(await retry()).to.equal(true);
    const reopened = await found();
    const startedAt = new Date(5).toISOString();
    expect(reopened).to.include({ status: 'running', reason: null, startedAt, finishedAt: null });
    expect(reopened.idle, 'what it was over does not count as duration').to.be.within(60_000, 120_000);
    for (const one of reopened.jobs) {
      expect(one).to.include({ status: 'waiting', reason: null, message: null, exitCode: null, runner: null });
    }
    expect(await findIntent(database, intent)).to.include({ open: false, error: null, failedOnly: true });
    expect(await openRetries(database)).to.deep.equal([]);
    expect((await openJobs(database, { limit: 9 })).map(({ attempt }) => attempt)).to.deep.equal([2, 1]);

    expect(await queueJob(database, job(1))).to.equal(true);
    expect((await openJobs(database, { jobs: [job(1)], limit: 1 }))[0]?.virtualStart).to.equal(1);
    await startAttempt(database, { job: job(1), attempt: 2 }, box, 1000);
    expect((await found()).startedAt).to.equal(startedAt);
    await run(1, 2, { status: 'success', reason: null, message: null, exitCode: 0 });
    expect((await found()).status).to.equal('running');
    await queueJob(database, job(2));
    await run(2, 1, { status: 'success', reason: null, message: null, exitCode: 0 });
    const end = await found();
    expect(end).to.include({ status: 'success', reason: null });
    expect(end.jobs[0]?.attempts.map(({ number, status }) => [number, status])).to.deep.equal([
      [1, 'failure'],
      [2, 'success'],
    ]);
  });

  it('does not change the other jobs', async () => {
    await run(1, 1, { status: 'success', reason: null, message: null });
    await queueJob(database, job(2));
    await run(2, 1);
    await retry([2]);
    expect((await found()).jobs.map(({ status }) => status)).to.deep.equal(['success', 'waiting']);
  });

  it('keeps the message of a build that was a success', async () => {
    await run(1, 1, { status: 'success', reason: null, message: null });
    await queueJob(database, job(2));
    await run(2, 1, { status: 'success', reason: null, message: null });
    await retry();
    expect((await found()).message).to.equal('3 older commits were passed over');
  });

  it('is done once for a request', async () => {
    await run(1, 1);
    await skip(0);
    await retry();
    const again = retryJobs(database, { id: intent, build }, () => [job(1)]);
    expect(await again).to.equal(false);
    expect((await openJobs(database, { jobs: [job(1)], limit: 1 }))[0]?.attempt).to.equal(2);
  });

  it('that is refused changes nothing and leaves the request open', async () => {
    await run(1, 1);
    await skip(0);
    const before = await found();
    const id = await openRetry(database, 'app', build, { job: null, failedOnly: false });
    const refused = retryJobs(database, { id, build }, () => expect.fail('no'));
    expect(await refused.catch((error: Error) => error.message)).to.equal('no');
    expect(await found()).to.deep.equal(before);
    expect(await findIntent(database, id)).to.include({ open: true });
  });

  it('is not undone by late messages of an earlier attempt', async () => {
    await run(1, 1);
    await skip(0);
    await retry();
    expect(await skip(0), 'a decision about the first round').to.equal(undefined);
    await queueJob(database, job(1));
    expect(await run(1, 1), 'an outcome of the first attempt').to.equal(undefined);
    expect(await decideJob(database, { job: job(1), attempt: 1 }, failed, 9)).to.equal(undefined);
    expect((await found()).jobs.map(({ status }) => status)).to.deep.equal(['queued', 'waiting']);
  });

  it('invalidates plans of its workflows that were made before', async () => {
    await database.write((db) => insertWorkflows(db, { build, repo: 'app' }, { facts: '{}', models: [] }));
    await run(1, 1);
    await skip(0);
    const revision = (await planState(database, build))?.revision ?? 0;
    await retry();
    const late = database.write((db) => applyPlan(db, build, revision, [], { repo: 'app', isBehind: false }));
    expect(await late.catch((error: unknown) => error)).to.be.instanceOf(OutOfDate);
  });

  it('is not cancelled by an earlier request', async () => {
    await openCancel(database, 'app', build, null);
    await run(1, 1);
    await skip(0);
    await retry();
    expect(await openCancels(database)).to.deep.equal([]);
    await openCancel(database, 'app', build, null);
    expect(await openCancels(database)).to.have.length(1);
  });

  it('starts to count lost attempts again', async () => {
    const lostAttempts = async () => (await openJobs(database, { jobs: [job(1)], limit: 1 }))[0]?.lostAttempts;
    const loss = { lostAt: 1, noticedAt: 2, counts: true };
    const lose = (attempt: number) => moveToNextAttempt(database, { job: job(1), attempt }, { ...lost, loss });
    for (const attempt of [1, 2]) await lose(attempt);
    expect(await lostAttempts()).to.equal(2);
    await run(1, 3);
    await skip(0);
    await retry();
    await queueJob(database, job(1));
    expect(await lostAttempts()).to.equal(0);
    await lose(4);
    expect(await lostAttempts()).to.equal(1);
  });

  it('leaves a build at rest until a dispatcher moves it on', async () => {
    expect(await buildsAtRest(database, 50)).to.deep.equal([]);
    await run(1, 1);
    await skip(0);
    await retry();
    expect(await buildsAtRest(database, 50)).to.deep.equal([build]);
    expect(await buildsAtRest(database, 0)).to.deep.equal([]);
    await queueJob(database, job(1));
    expect(await buildsAtRest(database, 50)).to.deep.equal([]);
  });
});
