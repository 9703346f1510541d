import { expect } from 'chai';
import {
  type AttemptRef,
  type BuildId,
  finalStatuses,
  type Job,
  type JobId,
  jobIdOf,
  newStep,
  type Step,
} from '../../src/kernel/model.ts';
import { findBuild } from '../../src/record/builds.ts';
import type { Database } from '../../src/record/database.ts';
import { type AttemptOutcome, finishAttempt } from '../../src/record/finished-attempts.ts';
import { openRetry } from '../../src/record/intents.ts';
import { decideJob, queueJob, startAttempt } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { recordSteps } from '../../src/record/recorded-steps.ts';
import { retryJobs } from '../../src/record/retries.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord, plannedJob, recordedBuild } from '../support/record.ts';

const box = { id: 'box~1', name: 'box', host: 'box.example.org' };
const other = { id: 'other~1', name: 'other', host: 'other.example.org' };
const step: Step = {
  ...newStep('test'),
  status: 'success',
  exitCode: 0,
  startedAt: '2026-01-02T03:04:05.000Z',
  finishedAt: '2026-01-02T03:04:06.000Z',
  outcome: 'failure',
  logStart: 3,
  logEnd: 300,
  annotations: [
    {
      level: 'error',
      message: 'no',
      title: null,
      file: 'a.js',
      line: 3,
      endLine: null,
      column: 1,
      endColumn: null,
      logStart: 5,
    },
  ],
  summary: '# Well',
};
const time = (second: number) => Date.parse('2026-01-02T03:04:00.000Z') + second * 1000;

function outcome(change: Partial<AttemptOutcome> = {}): AttemptOutcome {
  return {
    status: 'success',
    reason: null,
    message: null,
    runner: box,
    exitCode: 0,
    steps: [step],
    logBytes: 10,
    logComplete: true,
    startedAt: time(1),
    finishedAt: time(2),
    ...change,
  };
}

const failed = outcome({
  status: 'failure',
  reason: 'exit_code',
  message: '"make test" exited with code 2',
  exitCode: 2,
});
const lost = { reason: 'runner_lost', message: 'gone', at: time(3) } as const;

describe("changes of a job's status", () => {
  const folders = new TestFolders();
  let dataDir: string;
  let database: Database;
  let build: BuildId;
  let job: JobId;
  let first: AttemptRef;
  let second: AttemptRef;

  before(async () => {
    dataDir = folders.make();
    database = await openRecord(dataDir);
    await observed(database);
  });

  beforeEach(() => begin([plannedJob()]));

  after(async () => {
    await database.close();
    folders.remove();
  });

  async function begin(jobs: ReturnType<typeof plannedJob>[]): Promise<void> {
    build = await recordedBuild(database, { jobs });
    job = jobIdOf(build, 1);
    first = { job, attempt: 1 };
    second = { job, attempt: 2 };
  }

  const found = async () => (await findBuild(database, build)) ?? expect.fail('there is no build');
  const jobNow = async (index = 0) => (await found()).jobs[index] as Job;

  it('start with a queued first attempt', async () => {
    expect(await found()).to.include({ status: 'queued', startedAt: null });
    expect(await jobNow()).to.deep.include({ status: 'queued', runner: null, steps: [] });
    expect((await jobNow()).attempts.map(({ number, status }) => [number, status])).to.deep.equal([[1, 'queued']]);
  });

  it('from queued to running: once, by the runner that has started it', async () => {
    expect(await startAttempt(database, first, box, time(1))).to.be.an('object');
    expect(await startAttempt(database, first, other, time(2))).to.equal(undefined);
    expect(await jobNow()).to.include({ status: 'running', runner: 'box', startedAt: new Date(time(1)).toISOString() });
    expect((await jobNow()).attempts[0]).to.include({ status: 'running', runner: 'box' });
    expect(await found()).to.include({ status: 'running', startedAt: new Date(time(1)).toISOString() });
  });

  it('from running to its outcome, with the image of its container', async () => {
    await startAttempt(database, first, box, time(1));
    expect(await jobNow()).to.include({ image: null });
    const image = { name: 'docker.io/library/node:22', digest: `sha256:${'1'.repeat(64)}` };
    await finishAttempt(database, first, outcome({ image }));
    expect((await jobNow()).image).to.deep.equal(image);
  });

  it('from running to its outcome, which becomes that of the build', async () => {
    await startAttempt(database, first, box, time(1));
    expect(await finishAttempt(database, first, failed)).to.be.an('object');
    const final = { status: 'failure', reason: 'exit_code', message: failed.message };
    expect(await jobNow()).to.deep.include({ ...final, exitCode: 2, steps: [step], runner: 'box' });
    expect((await jobNow()).attempts[0]).to.include(final);
    expect(await found()).to.include(final);
    expect((await found()).finishedAt).to.not.equal(null);
  });

  it('from running to its outcome: only by the runner that has started it', async () => {
    await startAttempt(database, first, box, time(1));
    expect(await finishAttempt(database, first, { ...failed, runner: other })).to.equal(undefined);
    expect(await jobNow()).to.include({ status: 'running', runner: 'box' });
  });

  it('from queued to its outcome, if the start message was lost', async () => {
    expect(await finishAttempt(database, first, outcome())).to.be.an('object');
    expect(await jobNow()).to.include({ status: 'success', startedAt: new Date(time(1)).toISOString() });
    expect(await startAttempt(database, first, box, time(1)), 'the word comes later').to.equal(undefined);
    expect(await jobNow()).to.include({ status: 'success' });
  });

  for (const status of finalStatuses) {
    it(`from ${status} to no other status: what was recorded first stays`, async () => {
      const reason = status === 'success' ? null : 'by_user';
      expect(await finishAttempt(database, first, outcome({ status, reason, message: 'the first' }))).to.be.an(
        'object',
      );
      const before = await found();
      expect(await finishAttempt(database, first, failed)).to.equal(undefined);
      expect(await startAttempt(database, first, other, time(9))).to.equal(undefined);
      expect(await recordSteps(database, first, 1, [])).to.equal(undefined);
      expect(await moveToNextAttempt(database, first, lost)).to.equal(false);
      expect(await queueJob(database, job)).to.equal(false);
      for (const next of finalStatuses) {
        expect(
          await decideJob(database, first, { status: next, reason: 'poison', message: 'no' }, time(9)),
          next,
        ).to.equal(undefined);
      }
      expect(await found()).to.deep.equal(before);
    });
  }

  it('to the next attempt, if the runner is lost', async () => {
    await startAttempt(database, first, box, time(1));
    expect(await moveToNextAttempt(database, first, lost)).to.equal(true);
    const { attempts, ...now } = await jobNow();
    expect(now).to.include({ status: 'queued', runner: null, reason: null });
    expect(
      attempts.map(({ number, status, reason, message, runner }) => [number, status, reason, message, runner]),
    ).to.deep.equal([
      [1, 'error', 'runner_lost', 'gone', 'box'],
      [2, 'queued', null, null, null],
    ]);
    expect(await found()).to.include({ status: 'running' });
  });

  it('to the next attempt once, however many dispatchers notice the loss', async () => {
    expect(await moveToNextAttempt(database, first, { ...lost, runner: box })).to.equal(true);
    expect(await moveToNextAttempt(database, first, lost)).to.equal(false);
    expect((await jobNow()).attempts).to.have.length(2);
    expect((await jobNow()).attempts[0]?.runner).to.equal('box');
  });

  describe('to the next attempt, if this one could not start and the commit is not at fault', () => {
    const pauses = [10_000, 30_000];
    const away = (change: Partial<AttemptOutcome> = {}) =>
      outcome({ status: 'error', reason: 'fetch_failed', message: 'no answer', exitCode: null, pauses, ...change });
    const attempt = (number: number) => ({ job, attempt: number });
    const stories = async () =>
      (await jobNow()).attempts.map(({ status, reason, message }) => [status, reason, message]);

    it('waits until it is due, and keeps the outcome of this attempt', async () => {
      await startAttempt(database, first, box, time(1));
      const from = Date.now();
      const ended = await finishAttempt(database, first, away());
      expect(ended?.againAt).to.be.within(from + 10_000, Date.now() + 15_000);
      expect(ended?.build.status).to.equal('running');
      const now = await jobNow();
      expect(now).to.include({ status: 'queued', reason: null, runner: null, finishedAt: null });
      expect(now.triesAgainAt).to.equal(new Date(ended?.againAt ?? 0).toISOString());
      expect(now.message).to.equal(
        `tries again at ${now.triesAgainAt?.slice(11, 19)} UTC, on another runner if possible: no answer`,
      );
      expect(await stories()).to.deep.equal([
        ['error', 'fetch_failed', 'no answer'],
        ['queued', null, null],
      ]);
      expect((await found()).status).to.equal('running');
    });

    it('happens once, however often the outcome is delivered', async () => {
      expect(await finishAttempt(database, first, away())).to.be.an('object');
      expect(await finishAttempt(database, first, away())).to.equal(undefined);
      expect((await jobNow()).attempts).to.have.length(2);
    });

    it('ends after the last one, and tells how often and where the job was tried', async () => {
      await finishAttempt(database, first, away());
      await finishAttempt(database, second, away({ runner: other }));
      // an attempt whose runner is lost counts for itself
      await moveToNextAttempt(database, attempt(3), lost);
      expect((await finishAttempt(database, attempt(4), away({ message: 'still none' })))?.againAt).to.equal(undefined);
      const message = 'tried 3 times, on box, other; last: still none';
      expect(await jobNow()).to.include({ status: 'error', reason: 'fetch_failed', message });
      expect((await stories()).at(-1)).to.deep.equal(['error', 'fetch_failed', 'still none']);
      expect(await found()).to.include({ status: 'error', message });
    });

    it('shows no message of it once an attempt has started, or the job has passed', async () => {
      await finishAttempt(database, first, away());
      await startAttempt(database, second, other, time(9));
      expect(await jobNow()).to.include({ status: 'running', message: null, triesAgainAt: null });
      expect(await finishAttempt(database, second, away({ runner: box })), 'another has begun it').to.equal(undefined);
      await finishAttempt(database, second, outcome({ runner: other }));
      expect(await jobNow()).to.include({ status: 'success', message: null });
    });

    it('starts to count again after a retry by a person', async () => {
      for (const number of [1, 2, 3]) await finishAttempt(database, attempt(number), away());
      const id = await openRetry(database, 'app', build, { job: null, failedOnly: false });
      await retryJobs(database, { id, build }, (jobs) => jobs.map((each) => each.id));
      await queueJob(database, job);
      expect((await finishAttempt(database, attempt(4), away()))?.againAt).to.be.a('number');
    });

    for (const [what, change] of [
      ['where the job had begun, or the cause stays', { pauses: undefined }],
      ['for a failure of the commit', { status: 'failure', reason: 'exit_code' }],
      ['for an error that stays', { reason: 'no_tests_found' }],
    ] as [string, Partial<AttemptOutcome>][]) {
      it(`never happens ${what}`, async () => {
        expect((await finishAttempt(database, first, away(change)))?.againAt).to.equal(undefined);
        expect((await jobNow()).attempts).to.have.length(1);
      });
    }
  });

  it('are not made by messages of a runner that was declared lost', async () => {
    await startAttempt(database, first, box, time(1));
    await moveToNextAttempt(database, first, lost);
    const before = await found();
    expect(await startAttempt(database, first, box, time(4))).to.equal(undefined);
    expect(await recordSteps(database, first, 1, [step])).to.equal(undefined);
    expect(await finishAttempt(database, first, outcome())).to.equal(undefined);
    expect(await moveToNextAttempt(database, first, lost)).to.equal(false);
    expect(await found()).to.deep.equal(before);

    await startAttempt(database, second, other, time(5));
    expect(await finishAttempt(database, first, outcome())).to.equal(undefined);
    expect(await finishAttempt(database, second, { ...failed, runner: other })).to.be.an('object');
    expect(await jobNow()).to.include({ status: 'failure', runner: 'other' });
    expect((await jobNow()).attempts.map(({ status }) => status)).to.deep.equal(['error', 'failure']);
  });

  it('are not made by messages about a later attempt or an unknown job', async () => {
    for (const ref of [second, { job: '999999-1' as JobId, attempt: 1 }]) {
      expect(await startAttempt(database, ref, box, time(1))).to.equal(undefined);
      expect(await recordSteps(database, ref, 1, [step])).to.equal(undefined);
      expect(await finishAttempt(database, ref, outcome())).to.equal(undefined);
      expect(await moveToNextAttempt(database, ref, lost)).to.equal(false);
    }
    expect(await jobNow()).to.include({ status: 'queued' });
  });

  it('keep the time of the first start, even after a lost attempt', async () => {
    await startAttempt(database, first, box, time(1));
    await moveToNextAttempt(database, first, lost);
    await startAttempt(database, second, other, time(5));
    const { startedAt, attempts } = await jobNow();
    expect(startedAt).to.equal(new Date(time(1)).toISOString());
    expect(attempts.map((attempt) => attempt.startedAt)).to.deep.equal(
      [time(1), time(5)].map((ms) => new Date(ms).toISOString()),
    );
  });

  it('show the newest steps of the current attempt', async () => {
    await startAttempt(database, first, box, time(1));
    expect(
      await recordSteps(database, first, 1, [{ ...step, status: 'running', exitCode: null, finishedAt: null }]),
    ).to.be.an('object');
    expect(await recordSteps(database, first, 3, [step, { ...step, name: 'more' }])).to.be.an('object');
    for (const late of [2, 3])
      expect(await recordSteps(database, first, late, [step]), 'a late word').to.equal(undefined);
    expect((await jobNow()).steps).to.deep.equal([step, { ...step, name: 'more' }]);
    await moveToNextAttempt(database, first, lost);
    expect((await jobNow()).steps).to.deep.equal([]);
  });

  it('are made once by two callers at the same time', async () => {
    const second = await openRecord(dataDir);
    const finishing = await Promise.all([
      finishAttempt(database, first, outcome()),
      finishAttempt(second, first, failed),
    ]);
    expect(finishing.filter((moved) => moved)).to.have.length(1);
    expect(await jobNow()).to.include({ status: finishing[0] ? 'success' : 'failure' });
    await begin([plannedJob()]);
    const moving = await Promise.all([
      moveToNextAttempt(database, first, lost),
      moveToNextAttempt(second, first, lost),
    ]);
    expect(moving.filter((moved) => moved)).to.have.length(1);
    await second.close();
  });

  it('from waiting to queued: once, with a first attempt', async () => {
    await begin([plannedJob('build'), plannedJob('test', { needs: ['build'] })]);
    const waiting = jobIdOf(build, 2);
    expect(await jobNow(1)).to.deep.include({ status: 'waiting', attempts: [] });
    expect(await startAttempt(database, { job: waiting, attempt: 1 }, box, time(1))).to.equal(undefined);
    expect(await finishAttempt(database, { job: waiting, attempt: 0 }, outcome())).to.equal(undefined);
    expect(await queueJob(database, waiting)).to.equal(true);
    expect(await queueJob(database, waiting)).to.equal(false);
    expect((await jobNow(1)).attempts.map(({ number, status }) => [number, status])).to.deep.equal([[1, 'queued']]);
  });

  it('decided by the dispatcher end the job and its attempt from any open status', async () => {
    const cancelled = { status: 'cancelled', reason: 'by_user', message: 'enough' } as const;
    expect(await decideJob(database, first, cancelled, time(4))).to.be.an('object');
    expect(await jobNow()).to.include(cancelled);
    expect((await jobNow()).attempts[0]).to.include(cancelled);
    expect(await found()).to.include(cancelled);
    await begin([plannedJob()]);
    await startAttempt(database, first, box, time(1));
    expect(await decideJob(database, first, cancelled, time(4))).to.be.an('object');
    expect((await jobNow()).attempts[0]).to.include(cancelled);
  });

  it('decided by the dispatcher of a waiting job are limited to the allowed ones', async () => {
    await begin([plannedJob('build'), plannedJob('test', { needs: ['build'] })]);
    const waiting = jobIdOf(build, 2);
    for (const status of ['success', 'failure'] as const) {
      expect(
        await decideJob(database, { job: waiting, attempt: 0 }, { status, reason: null, message: null }, time(4)),
        status,
      ).to.equal(undefined);
    }
    expect(
      await decideJob(
        database,
        { job: waiting, attempt: 0 },
        { status: 'skipped', reason: 'needs_failed', message: 'no' },
        time(4),
      ),
    ).to.be.an('object');
  });

  it('end the build with the last job, and not before', async () => {
    await begin([plannedJob('one'), plannedJob('two')]);
    await finishAttempt(database, first, outcome());
    expect(await found()).to.include({ status: 'queued', finishedAt: null });
    await finishAttempt(database, { job: jobIdOf(build, 2), attempt: 1 }, failed);
    expect(await found()).to.include({ status: 'failure', reason: 'job_failed', message: 'two failed' });
  });

  it('keep the message of a build that succeeds', async () => {
    build = await recordedBuild(database, { message: '7 older commits were passed over' });
    await finishAttempt(database, { job: jobIdOf(build, 1), attempt: 1 }, outcome());
    expect(await found()).to.include({ status: 'success', message: '7 older commits were passed over' });
  });
});
