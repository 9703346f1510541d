import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import {
  type BuildId,
  type JobId,
  jobIdOf,
  newStep,
  type RunnerId,
  type Step,
  type TestResult,
} from '../../src/kernel/model.ts';
import { Later } from '../../src/queues/consumer.ts';
import type { AdvanceMessage, Result, ResultMessage } from '../../src/queues/messages.ts';
import { packTests } from '../../src/queues/packed-tests.ts';
import { signedResult } from '../../src/queues/queues.ts';
import { findBuild, unreportedBuilds } from '../../src/record/builds.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import { removeRunnerKey } from '../../src/record/runner-keys.ts';
import { resultsOf } from '../../src/record/test-queries.ts';
import { type Change, changeSchema, listen, type RunnerNotice, runnerNoticeSchema } from '../../src/redis/channels.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { Archive } from '../../src/reporter/archive.ts';
import { ResultHandler } from '../../src/reporter/results.ts';
import { reportUnreportedBuilds } from '../../src/reporter/unreported-builds.ts';
import type { Signer } from '../../src/secrets/signing.ts';
import { holdRecord } from '../support/database.ts';
import { runnerMember } from '../support/members.ts';
import { observed, plannedJob, recordedBuild } from '../support/record.ts';
import { knownKey, stranger } from '../support/runner-keys.ts';
import { noFailure } from '../support/test-result.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const runner = { id: 'box~1', name: 'box', host: 'box' };
const at = '2026-01-02T03:04:05.000Z';
const step: Step = { ...newStep('test'), status: 'success', exitCode: 0, startedAt: at, finishedAt: at };

describe('the reporter', () => {
  let volt: TestVolt;
  let archive: Archive;
  let handler: ResultHandler;
  let build: BuildId;
  let job: JobId;
  let key: Signer;

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    archive = new Archive(volt.dataDir);
    await observed(volt.context.database);
    key = await knownKey(volt.context.database, 'box');
  });

  beforeEach(async () => {
    await volt.context.access.client.flushall();
    handler = new ResultHandler(volt.context, archive, { waiting: 2 });
    build = await recordedBuild(volt.context.database);
    job = jobIdOf(build, 1);
  });

  after(async () => {
    await archive.close();
    await volt.stop();
  });

  /** Hands a message to the reporter as its sender has signed it. */
  const handle = (message: ResultMessage, by = message.kind === 'decided' ? volt.context.database.signer : key) =>
    handler.handle(message, { content: JSON.parse(JSON.stringify(signedResult(message, by))) });
  const started = (attempt = 1): Result<'started'> => ({ v: 1, kind: 'started', job, attempt, runner, at });
  const finished = (change: Partial<Result<'finished'>> = {}): Result<'finished'> => ({
    v: 1,
    kind: 'finished',
    job,
    attempt: 1,
    runner,
    status: 'success',
    reason: null,
    message: null,
    exitCode: 0,
    steps: [step],
    logBytes: 0,
    startedAt: at,
    finishedAt: new Date().toISOString(),
    ...change,
  });
  const buildNow = async () => (await findBuild(volt.context.database, build)) ?? expect.fail('there is no build');
  const jobNow = async () => (await buildNow()).jobs[0] ?? expect.fail('there is no job');
  const logIsComplete = async () => {
    const { db } = volt.context.database;
    const row = await db.selectFrom('attempts').select('log_complete').where('job_id', '=', job).executeTakeFirst();
    return row?.log_complete;
  };
  const advances = async () =>
    (await volt.context.queues.queue('advance').getWaiting()).map(({ data }) => (data as AdvanceMessage).build);

  async function hear(who = 'box~1') {
    const { access, logger } = volt.context;
    const changes: Change[] = [];
    const notices: RunnerNotice[] = [];
    const stops = [
      await listen(access, access.keys.changes, changeSchema, logger, (change) => changes.push(change)),
      await listen(access, access.keys.toRunner(who as RunnerId), runnerNoticeSchema, logger, (notice) =>
        notices.push(notice),
      ),
    ];
    return { changes, notices, stop: () => Promise.all(stops.map((stop) => stop())) };
  }

  it('records the start of an attempt and announces it once', async () => {
    const { changes, stop } = await hear();
    await handle(started());
    await handle(started());
    expect(await jobNow()).to.include({ status: 'running', runner: 'box' });
    await until('it is told', () => changes.length > 0);
    expect(changes).to.deep.equal([{ build, repo: 'app', status: 'running' }]);
    await stop();
  });

  it('records steps', async () => {
    await handle(started());
    await handle({ v: 1, kind: 'steps', job, attempt: 1, runner, revision: 1, steps: [step] });
    expect((await jobNow()).steps).to.deep.equal([step]);
  });

  it('makes an outcome final, notifies the runner and advances the build', async () => {
    const { notices, changes, stop } = await hear();
    await handle(started());
    await archive.append({ job, attempt: 1 }, 0, Buffer.from('all of it'));
    await handle(finished({ logBytes: 9 }));
    expect(await buildNow()).to.include({ status: 'success' });
    const file = join(dataPaths(volt.dataDir).testResults, 'app', `${'a'.repeat(40)}`);
    expect(JSON.parse(readFileSync(`${file}.json`, 'utf8'))).to.include({ id: build, status: 'success' });
    expect(readFileSync(`${file}.log`, 'utf8')).to.equal('all of it');
    expect(await advances()).to.deep.equal([build]);
    expect(await unreportedBuilds(volt.context.database, 500)).to.not.include(build);
    await until('the runner is told', () => notices.length > 0);
    expect(notices).to.deep.equal([{ kind: 'recorded', job, attempt: 1, bytes: 9 }]);
    await until('everybody is told', () => changes.some(({ status }) => status === 'success'));
    await stop();
  });

  it('bounds the steps of a build by leaving out summaries first, and never outcomes', async () => {
    build = await recordedBuild(volt.context.database, {
      jobs: Array.from({ length: 8 }, (_, index) => plannedJob(`job ${index}`)),
    });
    const summary = 'a long summary '.repeat(50_000);
    for (let position = 1; position <= 8; position++) {
      job = jobIdOf(build, position);
      await handle(finished({ steps: [{ ...step, summary }] }));
    }
    const { jobs, status } = await buildNow();
    expect(status).to.equal('success');
    expect(jobs.map(({ steps: [only] }) => [only?.name, only?.summary?.length ?? 0])).to.deep.equal([
      ...Array(5).fill(['test', summary.length]),
      ...Array(3).fill(['test', 0]),
    ]);
  });

  it('records test results with the outcome once, however often they arrive', async () => {
    const { database } = volt.context;
    const result = (name: string, change: Partial<TestResult> = {}): TestResult => ({
      ...{ suite: 'sum', name, file: null, status: 'passed', duration: 1.5, ...noFailure },
      ...change,
    });
    const failed = result('fails', { status: 'failed', message: '2 is not 3', details: 'at a.js:1' });
    const many = Array.from({ length: 250 }, (_, index) => result(`adds ${index}`));
    const results = [...many, failed, result('later', { status: 'skipped' })];
    const summary = { passed: 260, failed: 1, skipped: 1, total: 262, listed: 252 };
    const message = finished({
      status: 'failure',
      reason: 'exit_code',
      tests: await packTests({ summary, results }, 9e5),
    });
    await handle(message);
    await handle(message);
    expect((await jobNow()).tests).to.deep.equal(summary);
    const found = await resultsOf(database, { build, failed: false, limit: 500 });
    expect(found.map(({ id, test, job, before, flaky, ...rest }) => rest)).to.deep.equal(results);
    const [only, ...others] = await resultsOf(database, { build, job, failed: true, limit: 500 });
    expect(others).to.deep.equal([]);
    expect(only).to.deep.include({ ...failed, job });
    const [test] = await database.db.selectFrom('tests').selectAll().where('name', '=', 'fails').execute();
    expect(test).to.include({ repo: 'app', runs: 1, failures: 1, status: 'failed' });
  });

  it('records the image of the container', async () => {
    const image = { name: 'docker.io/library/node:22', digest: `sha256:${'a'.repeat(64)}` };
    await handle(finished({ image }));
    expect((await jobNow()).image).to.deep.equal(image);
  });

  it('records an outcome with unreadable test results', async () => {
    const summary = { passed: 2, failed: 0, skipped: 0, total: 2, listed: 2 };
    await handle(finished({ tests: { summary, lines: Buffer.from('no gzip').toString('base64') } }));
    expect(await jobNow()).to.deep.include({ status: 'success', tests: { ...summary, listed: 0 } });
  });

  it('records nothing for a repeated outcome, and notifies the runner again', async () => {
    const { notices, stop } = await hear();
    await handle(finished());
    const before = await buildNow();
    await handle(finished({ status: 'failure', reason: 'exit_code' }));
    expect(await buildNow()).to.deep.equal(before);
    await until('the runner is told twice', () => notices.length === 2);
    expect(await advances(), 'the build may have to be moved on again').to.deep.equal([build, build]);
    await stop();
  });

  it('records nothing for an attempt that was taken back, and notifies the runner that it can drop it', async () => {
    const { notices, stop } = await hear();
    await handle(started());
    await moveToNextAttempt(
      volt.context.database,
      { job, attempt: 1 },
      { reason: 'runner_lost', message: 'gone', at: Date.now() },
    );
    await handle(finished());
    expect(await jobNow()).to.include({ status: 'queued' });
    await until('the runner is told', () => notices.length > 0);
    expect(notices).to.deep.equal([{ kind: 'recorded', job, attempt: 1, bytes: 0 }]);
    await stop();
  });

  it('waits for the rest of an incomplete log', async () => {
    await writeHeartbeat(volt.context.access, 'runner', runnerMember('box~1', { reporting: [`${job}.1`] }));
    await handle(started());
    await archive.append({ job, attempt: 1 }, 0, Buffer.from('half'));
    const early = await handle(finished({ logBytes: 9 })).catch((error: Error) => error);
    expect(early).to.be.instanceOf(Later);
    expect(await buildNow()).to.include({ status: 'running' });
    const handling = handle(finished({ logBytes: 9 }));
    await archive.append({ job, attempt: 1 }, 4, Buffer.from(' more'));
    await handling;
    expect(await buildNow()).to.include({ status: 'success' });
  });

  it('does not wait for the log of an attempt that does not count any more, and reports the archived length', async () => {
    const { notices, stop } = await hear();
    await handle(started());
    const gone = { reason: 'runner_lost', message: 'gone', at: Date.now() } as const;
    await moveToNextAttempt(volt.context.database, { job, attempt: 1 }, gone);
    await archive.append({ job, attempt: 1 }, 0, Buffer.from('half'));
    await handle(finished({ logBytes: 9, finishedAt: at }));
    await archive.append({ job, attempt: 1 }, 4, Buffer.from(' more'));
    await handle(finished({ logBytes: 9, finishedAt: at }));
    await until('the runner is told', () => notices.length === 2);
    const recorded = { kind: 'recorded', job, attempt: 1 };
    expect(notices).to.deep.equal([
      { ...recorded, bytes: 4 },
      { ...recorded, bytes: 9 },
    ]);
    expect(await jobNow()).to.include({ status: 'queued' });
    await stop();
  });

  it('waits for the log of an outcome that has been in the queue for long', async () => {
    const old = finished({ logBytes: 9, finishedAt: at });
    await writeHeartbeat(volt.context.access, 'runner', runnerMember('box~1', { reporting: [`${job}.1`] }));
    await handle(started());
    await archive.append({ job, attempt: 1 }, 0, Buffer.from('half'));
    expect(await handle(old).catch((error: Error) => error)).to.be.instanceOf(Later);
    expect(await buildNow()).to.include({ status: 'running' });
    await archive.append({ job, attempt: 1 }, 4, Buffer.from(' more'));
    await handle(old);
    expect(await logIsComplete()).to.equal(1);
  });

  it('waits for some of many incomplete logs, and puts the other outcomes back at once', async () => {
    await writeHeartbeat(volt.context.access, 'runner', runnerMember('box~1', { reporting: [`${job}.1`] }));
    await handle(started());
    await archive.append({ job, attempt: 1 }, 0, Buffer.from('half'));
    const over: (Error | 'recorded')[] = [];
    const handling = [1, 2, 3].map(async () => {
      const outcome = await handle(finished({ logBytes: 9 })).catch((error: Error) => error);
      over.push(outcome ?? 'recorded');
    });
    await until('one is put back', () => over.length > 0);
    expect(over[0]).to.be.instanceOf(Later);
    await archive.append({ job, attempt: 1 }, 4, Buffer.from(' more'));
    await Promise.all(handling);
    expect(over.slice(1), 'the others have waited').to.deep.equal(['recorded', 'recorded']);
  });

  it('records an incomplete log when the runner is gone, and completes it when the rest arrives', async () => {
    const { notices, stop } = await hear();
    const log = { gone: 0, standstill: 60_000, all: 60_000 };
    handler = new ResultHandler(volt.context, archive, { waiting: 0, log });
    await handle(started());
    await archive.append({ job, attempt: 1 }, 0, Buffer.from('half'));
    const message = finished({ logBytes: 9 });
    await handle(message).catch((error: Error) => expect(error).to.be.instanceOf(Later));
    await handle(message);
    expect(await buildNow()).to.include({ status: 'success' });
    expect(await logIsComplete()).to.equal(0);
    await until('the runner is told to keep the rest', () => notices.some(({ kind }) => kind === 'recorded'));
    expect(notices.at(-1)).to.deep.include({ kind: 'recorded', bytes: 4 });
    await archive.append({ job, attempt: 1 }, 4, Buffer.from(' more'));
    await handle(message);
    expect(await logIsComplete()).to.equal(1);
    const file = join(dataPaths(volt.dataDir).testResults, 'app', `${'a'.repeat(40)}.log`);
    expect(readFileSync(file, 'utf8')).to.equal('half more');
    await stop();
  });

  describe('makes messages dead letters that are not from the runner of the attempt:', () => {
    let other: Signer;
    before(async () => {
      other = await knownKey(volt.context.database, 'other');
    });

    const setAside = async () => (await volt.context.queues.queue('set-aside').getWaiting()).map(({ data }) => data);
    const by = { id: 'other~1', name: 'other', host: 'box' };
    const failure = { status: 'failure', reason: 'exit_code' } as const;

    async function expectRefused(why: string, status = 'running'): Promise<void> {
      expect((await jobNow()).status).to.equal(status);
      const [aside, ...more] = await setAside();
      expect(aside.content[0]).to.include(why);
      expect(more).to.deep.equal([]);
    }

    it('an outcome under its id, signed by another runner', async () => {
      await handle(started());
      await handle(finished(failure), other);
      await expectRefused('the name box belongs to another key');
    });

    it('an outcome of another runner under its own id, which is notified', async () => {
      const { notices, stop } = await hear('other~1');
      await handle(started());
      await handle(finished({ ...failure, runner: by }), other);
      await expectRefused('runner box~1 has the attempt');
      await until('it is told', () => notices.length > 0);
      expect(notices).to.deep.equal([{ kind: 'recorded', job, attempt: 1 }]);
      await stop();
    });

    it('an outcome that was changed after it was signed, or is not signed', async () => {
      await handle(started());
      const signed = JSON.parse(JSON.stringify(signedResult(finished(), key)));
      await handler.handle(finished(failure), { content: { ...signed, ...failure } });
      await expectRefused('not signed');
      await handler.handle(finished(failure), { content: finished(failure) });
      await expectRefused('not signed');
    });

    it('an old outcome of the same runner, for a later attempt', async () => {
      const old = JSON.parse(JSON.stringify(signedResult(finished(failure), key)));
      await handle(started());
      await moveToNextAttempt(
        volt.context.database,
        { job, attempt: 1 },
        { reason: 'handed_back', message: '', at: 1 },
      );
      await handle(started(2));
      await handler.handle(finished(failure), { content: old });
      expect((await jobNow()).status, 'of the attempt that counts no more').to.equal('running');
      await handler.handle(finished({ ...failure, attempt: 2 }), { content: { ...old, attempt: 2 } });
      await expectRefused('not signed');
    });

    it('an outcome of the same key in another epoch', async () => {
      await handle(started());
      await handle(finished({ ...failure, runner: { ...runner, id: 'box~2' } }));
      await expectRefused('runner box~1 has the attempt');
    });

    it('steps, and an attempt that is given back', async () => {
      await handle(started());
      await handle({ v: 1, kind: 'steps', job, attempt: 1, runner, revision: 9, steps: [step] }, other);
      expect((await jobNow()).steps).to.deep.equal([]);
      await handle({ v: 1, kind: 'returned', job, attempt: 1, runner, message: 'x', at }, other);
      expect(await jobNow()).to.include({ status: 'running' });
      expect((await setAside()).length).to.equal(2);
    });

    it('a start with an unknown or revoked key', async () => {
      await handle(started(), stranger());
      await expectRefused('not known', 'queued');
      const former = await knownKey(volt.context.database, 'former');
      await removeRunnerKey(volt.context.database, 'former');
      await handle(started(), former);
      expect((await jobNow()).status).to.equal('queued');
    });

    it('a start under the name of another key, or with an id of another name', async () => {
      await handle(started(), other);
      await expectRefused('the name box belongs to another key', 'queued');
      await handle({ ...started(), runner: { ...by, id: 'box~1' } }, other);
      expect((await jobNow()).status).to.equal('queued');
    });

    it('a start with a key for other repositories', async () => {
      const kept = await knownKey(volt.context.database, 'kept', ['deploy-*']);
      await handle({ ...started(), runner: { id: 'kept~1', name: 'kept', host: 'box' } }, kept);
      await expectRefused('its key kept is kept for deploy-*', 'queued');
    });

    it('a decision, which only Volt may send', async () => {
      const skipped = { status: 'skipped', reason: 'needs_failed', message: 'no' } as const;
      await handle({ v: 1, kind: 'decided', job, attempt: 1, ...skipped, at }, key);
      await expectRefused('only Volt itself may send it', 'queued');
    });
  });

  it('creates the next attempt when one is given back', async () => {
    await handle(started());
    const returned = {
      v: 1,
      kind: 'returned',
      job,
      attempt: 1,
      runner,
      message: 'the runner is stopping',
      at,
    } as const;
    await handle(returned);
    await handle(returned);
    const { status, attempts } = await jobNow();
    expect(status).to.equal('queued');
    expect(attempts.map(({ number, reason }) => [number, reason])).to.deep.equal([
      [1, 'handed_back'],
      [2, null],
    ]);
    expect(await advances()).to.include(build);
  });

  it('counts an attempt that was given back because of the disk of its runner, and no other', async () => {
    const returned = (attempt: number, more: object) =>
      handle({ v: 1, kind: 'returned', job, attempt, runner, message: 'why', at, ...more } as ResultMessage);
    const tried = async () => (await openJobs(volt.context.database, { build, limit: 1 }))[0]?.tried;
    await handle(started());
    await returned(1, {});
    expect(await tried()).to.deep.equal([]);
    await returned(2, { disk: true });
    expect(await tried()).to.deep.equal([runner.name]);
    expect((await jobNow()).attempts.map(({ reason }) => reason)).to.deep.equal(['handed_back', 'handed_back', null]);
  });

  it('records a decision once, and not over an earlier outcome', async () => {
    const decided = {
      v: 1,
      kind: 'decided',
      job,
      attempt: 1,
      status: 'cancelled',
      reason: 'by_user',
      message: 'enough',
      at,
    } as const;
    await handle(decided);
    expect(await buildNow()).to.include({ status: 'cancelled', reason: 'by_user', message: 'enough' });
    await handle(finished());
    expect(await buildNow()).to.include({ status: 'cancelled' });
    expect(existsSync(join(dataPaths(volt.dataDir).testResults, 'app'))).to.equal(true);
  });

  it('ignores messages on an unknown job', async () => {
    job = '999999-1' as JobId;
    await handle(started());
    await handle(finished());
    await handle({ v: 1, kind: 'returned', job, attempt: 1, runner, message: 'x', at });
    await handle({
      v: 1,
      kind: 'decided',
      job,
      attempt: 1,
      status: 'error',
      reason: 'poison',
      message: 'x',
      at,
    });
  });

  it('records builds as reported once the database is writable again', async () => {
    const { database } = volt.context;
    await handle(finished());
    await database.db.updateTable('builds').set({ reported_at: null }).where('id', '=', Number(build)).execute();
    const release = await holdRecord(volt.dataDir);
    await handler.reportAlone(build);
    await release();
    expect(await unreportedBuilds(database, 500)).to.include(build);
    await handler.reportAlone(build);
    expect(await unreportedBuilds(database, 500)).to.not.include(build);
  });

  it('reports files that cannot be written, continues, and writes them later', async () => {
    const { database } = volt.context;
    const results = dataPaths(volt.dataDir).testResults;
    await observed(database, 'blocked');
    const blocked = await recordedBuild(database, { repo: 'blocked' });
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, 'blocked'), 'in the way');
    await handle(finished({ job: jobIdOf(blocked, 1) }));
    await handle(finished());
    for (const id of [blocked, build])
      await database.db.updateTable('builds').set({ reported_at: null }).where('id', '=', Number(id)).execute();
    expect((await findBuild(database, blocked))?.status, 'its verdict stands').to.equal('success');
    const sweepOnce = () => reportUnreportedBuilds(database, (id) => handler.reportAlone(id));
    await sweepOnce();
    const left = await unreportedBuilds(database, 500);
    expect(left).to.include(blocked).and.not.include(build);
    expect(volt.context.problems.list()[0]?.message).to.include(`build ${blocked}`);
    rmSync(join(results, 'blocked'));
    await sweepOnce();
    expect(await unreportedBuilds(database, 500)).to.not.include(blocked);
    expect(volt.context.problems.list()).to.deep.equal([]);
  });

  it('writes the files that a dead reporter did not write', async () => {
    await handle(finished());
    await volt.context.database.db
      .updateTable('builds')
      .set({ reported_at: null })
      .where('id', '=', Number(build))
      .execute();
    expect(await unreportedBuilds(volt.context.database, 500)).to.include(build);
    const reporter = await volt.reporter();
    await until('it is written', async () => !(await unreportedBuilds(volt.context.database, 500)).includes(build));
    await reporter.stop();
  });
});
