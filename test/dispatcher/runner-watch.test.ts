import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import * as z from 'zod';
import { reconcile } from '../../src/dispatcher/reconcile.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { RunnerWatch } from '../../src/dispatcher/runner-watch.ts';
import {
  type AttemptRef,
  attemptName,
  buildIdOf,
  type Job,
  type JobId,
  jobIdOf,
  type RunnerId,
} from '../../src/kernel/model.ts';
import type { Result, ResultMessage } from '../../src/queues/messages.ts';
import { SlotWorker } from '../../src/queues/slots.ts';
import { findBuild } from '../../src/record/builds.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { drainRunner, resumeRunner } from '../../src/record/runner-drains.ts';
import { listen, type RunnerNotice, runnerNoticeSchema } from '../../src/redis/channels.ts';
import { heartbeatInterval, heartbeatTtl } from '../../src/redis/heartbeat-times.ts';
import { listRunners, type ProcessIdentity, type Vitals, writeHeartbeat } from '../../src/redis/membership.ts';
import { identify } from '../../src/redis/process-identity.ts';
import { readRunnerRules } from '../../src/redis/runner-rules.ts';
import { pause } from '../../src/system/wait.ts';
import { runnerMember } from '../support/members.ts';
import { observed, openRecord, recordedBuild } from '../support/record.ts';
import { stranger } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

interface Lost {
  /** whether they count towards `poison` */
  counts?: boolean;
  id?: string;
  vitals?: Vitals;
}

const lowDisk = {
  ...{ memory: 1, cpu: 1, lag: 0, reconnects: 0, diskFree: 0, diskLow: true },
  warnings: { count: 0, last: null },
};

describe('the watch over the runners', () => {
  let volt: TestVolt;
  let watch: RunnerWatch;
  const children: ChildProcess[] = [];
  const workers: { worker: SlotWorker; letGo(): void }[] = [];

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await observed(volt.context.database);
  });

  beforeEach(() => {
    watch = new RunnerWatch(volt.context);
  });

  afterEach(async () => {
    for (const { letGo } of workers) letGo();
    for (const { worker } of workers.splice(0)) await worker.close();
    for (const child of children.splice(0)) await end(child);
    await volt.emptyRedis();
    await volt.context.database.db.deleteFrom('builds').execute();
  });

  after(() => volt.stop());

  /** A process that stands for a runner or for a job's processes. */
  function live(): { child: ChildProcess; identity: ProcessIdentity } {
    const child = spawn('sleep', ['3600'], { stdio: 'ignore' });
    children.push(child);
    return { child, identity: identify(child.pid as number) };
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** A queued job with its message. */
  async function queued(): Promise<AttemptRef> {
    const build = await recordedBuild(volt.context.database);
    await routeBuild(volt.context, build);
    return { job: jobIdOf(build, 1), attempt: 1 };
  }

  /** A runner's hand on the queue: it takes one message and keeps it. */
  async function take(id: string, ref: AttemptRef): Promise<void> {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const taken: string[] = [];
    const worker = new SlotWorker(volt.context.access, {
      runner: id,
      slots: 1,
      labels: [],
      logger: volt.context.logger,
      isGenuine: () => true,
      ready: () => true,
      run: async (message) => {
        taken.push(attemptName(message));
        await held;
        return false;
      },
      refuse: async () => undefined,
    });
    workers.push({ worker, letGo });
    await until('it is taken', () => taken.length > 0);
    expect(taken).to.deep.equal([attemptName(ref)]);
  }

  /** A job that the runner with that id has begun. */
  async function running(id: string): Promise<AttemptRef> {
    const ref = await queued();
    await take(id, ref);
    await startAttempt(volt.context.database, ref, { id, name: id.split('~')[0] as string, host: 'box' }, Date.now());
    return ref;
  }

  /** A running job that has lost this number of attempts already. */
  async function runningAfter(losses: number, { counts = true, id = 'dead~1', vitals }: Lost = {}) {
    let ref = await queued();
    for (let count = 1; count <= losses; count++) {
      const longAgo = Date.now() - 3_600_000 * count;
      await moveToNextAttempt(volt.context.database, ref, {
        reason: 'runner_lost',
        message: 'runner vanished',
        at: longAgo,
        loss: { lostAt: longAgo, noticedAt: longAgo, counts },
        runner: { id: `former~${count}`, name: 'former', host: 'box' },
      });
      ref = { ...ref, attempt: ref.attempt + 1 };
    }
    await volt.context.queues.queue('jobs').remove(`${ref.job}.1`);
    await routeBuild(volt.context, buildIdOf(ref.job));
    const runner = live();
    await take(id, ref);
    await startAttempt(volt.context.database, ref, { id, name: id.split('~')[0] as string, host: 'box' }, Date.now());
    await member(id, { ...runner.identity, running: [attemptName(ref)], ...(vitals && { vitals }) });
    return { ref, runner };
  }

  const member = (id: string, change: Parameters<typeof runnerMember>[1] = {}) =>
    writeHeartbeat(volt.context.access, 'runner', runnerMember(id, change));
  const jobNow = async ({ job }: AttemptRef): Promise<Job> => {
    const build = await findBuild(volt.context.database, buildIdOf(job));
    return build?.jobs[0] ?? expect.fail('there is no such job');
  };
  const attempts = async (ref: AttemptRef) =>
    (await jobNow(ref)).attempts.map(({ status, reason }) => reason ?? status);
  const messages = async () => {
    const jobs = await volt.context.queues.queue('jobs').getJobs(['active', 'prioritized']);
    return jobs.map(({ id }) => id).sort();
  };
  const decided = async () => {
    const results = (await volt.context.queues.queue('results').getWaiting()).map(({ data }) => data as ResultMessage);
    return results.filter((message): message is Result<'decided'> => message.kind === 'decided');
  };
  const asked = async () =>
    Number(/cmdstat_smembers:calls=(\d+)/.exec(await volt.context.access.client.info('commandstats'))?.[1] ?? 0);
  const known = async () => (await listRunners(volt.context.access)).alive.map(({ id }) => id);

  it('polls neither Redis nor the database before the next poll is due, while nothing runs', async () => {
    await member('idle~1', { ...live().identity });
    await watch.poll();
    const before = await asked();
    await watch.pollIfDue();
    await watch.pollIfDue();
    expect(await asked()).to.equal(before);
    await until('it polls again', async () => {
      await watch.pollIfDue();
      return (await asked()) > before;
    });
  });

  describe('takes a job back at once when it sees its runner and processes gone', () => {
    it('even if nothing ran at the last poll', async () => {
      const [runner, scope] = [live(), live()];
      await member('dead~1', { ...runner.identity });
      await watch.poll();
      const ref = await running('dead~1');
      await member('dead~1', { ...runner.identity, running: [attemptName(ref)], scopes: [scope.identity] });
      await end(runner.child);
      await watch.pollIfDue();
      expect(await attempts(ref), 'while its processes live').to.deep.equal(['running']);
      await end(scope.child);
      await watch.pollIfDue();
      expect(await attempts(ref)).to.deep.equal(['runner_lost', 'queued']);
    });

    it('and sends the next attempt to another runner', async () => {
      const [runner, scope] = [live(), live()];
      const ref = await running('dead~1');
      await member('dead~1', { ...runner.identity, running: [attemptName(ref)], scopes: [scope.identity] });
      await watch.poll();
      expect(await attempts(ref), 'while it lives').to.deep.equal(['running']);
      await end(runner.child);
      await end(scope.child);
      await watch.poll();
      expect(await attempts(ref)).to.deep.equal(['runner_lost', 'queued']);
      expect((await jobNow(ref)).attempts[0]?.message).to.match(
        /^runner vanished after \d+\.\d s, noticed after \d+\.\d s, waiting for another runner$/,
      );
      expect(await messages()).to.deep.equal([`${ref.job}.2`]);
      expect(await known(), 'it is not known any more').to.deep.equal([]);
    });

    it('once, though several dispatchers see it', async () => {
      const runner = live();
      const ref = await running('dead~1');
      await member('dead~1', { ...runner.identity, running: [attemptName(ref)] });
      await end(runner.child);
      await Promise.all([watch.poll(), new RunnerWatch(volt.context).poll()]);
      await watch.poll();
      expect(await attempts(ref)).to.deep.equal(['runner_lost', 'queued']);
      expect(await messages()).to.deep.equal([`${ref.job}.2`]);
    });

    it('even if another dispatcher saw it first and died', async () => {
      const runner = live();
      const ref = await running('dead~1');
      await member('dead~1', { ...runner.identity, running: [attemptName(ref)] });
      await end(runner.child);
      const other = await openRecord(volt.dataDir);
      const dying = new RunnerWatch({ ...volt.context, database: other });
      await other.close();
      await dying.poll().then(
        () => expect.fail('it has no record'),
        () => undefined,
      );
      await watch.poll();
      expect(await attempts(ref)).to.deep.equal(['runner_lost', 'queued']);
    });

    it('even if the runner had taken it and not started', async () => {
      const runner = live();
      const ref = await queued();
      await take('dead~1', ref);
      await member('dead~1', { ...runner.identity });
      await watch.poll();
      expect(await attempts(ref)).to.deep.equal(['queued']);
      await end(runner.child);
      await watch.poll();
      expect(await attempts(ref)).to.deep.equal(['runner_lost', 'queued']);
    });

    it('but not while one of its processes lives', async () => {
      const [runner, scope] = [live(), live()];
      const ref = await running('dead~1');
      await member('dead~1', { ...runner.identity, running: [attemptName(ref)], scopes: [scope.identity] });
      await end(runner.child);
      await watch.poll();
      expect(await attempts(ref)).to.deep.equal(['running']);
      await end(scope.child);
      await watch.poll();
      expect(await attempts(ref)).to.deep.equal(['runner_lost', 'queued']);
    });

    it('but not from another machine, where the same pid may be another process', async () => {
      const runner = live();
      const ref = await running('far~1');
      await member('far~1', { ...runner.identity, machine: 'another', running: [attemptName(ref)] });
      await end(runner.child);
      await watch.poll();
      expect(await attempts(ref)).to.deep.equal(['running']);
      expect(await known()).to.deep.equal(['far~1']);
    });

    it('but not if the runner has sent an outcome before it died', async () => {
      const runner = live();
      const ref = await running('dead~1');
      await member('dead~1', { ...runner.identity, running: [attemptName(ref)] });
      const at = new Date().toISOString();
      const none = { reason: null, message: null, exitCode: 0, steps: [], logBytes: 0, startedAt: at, finishedAt: at };
      const by = { id: 'dead~1', name: 'dead', host: 'box' };
      await volt.context.queues.sendResult({ v: 1, kind: 'finished', ...ref, runner: by, status: 'success', ...none });
      await end(runner.child);
      await watch.poll();
      expect(await attempts(ref)).to.deep.equal(['running']);
    });

    it('and takes the last heartbeat for the time of a loss before the dispatcher started', async () => {
      const runner = live();
      const ref = await running('dead~1');
      const heartbeatAt = new Date(Date.now() - 40_000).toISOString();
      await member('dead~1', { ...runner.identity, heartbeatAt, running: [attemptName(ref)] });
      await end(runner.child);
      await watch.poll();
      const [lost] = (await jobNow(ref)).attempts;
      // the two clocks are read one after the other
      expect(Date.parse(lost?.lostAt ?? '')).to.be.closeTo(Date.parse(heartbeatAt), 1000);
    });

    it('and takes back the other jobs if one cannot be taken back', async () => {
      const runner = live();
      const refs = [await running('dead~1'), await running('dead~2')] as const;
      for (const [index, ref] of refs.entries())
        await member(`dead~${index + 1}`, { ...runner.identity, running: [attemptName(ref)] });
      await watch.poll();
      // no server answers a question about a lock that is no string
      const { client, keys } = volt.context.access;
      const lock = `${keys.bull}:jobs:${attemptName(refs[0])}:lock`;
      await client.del(lock);
      await client.rpush(lock, 'strange');
      await end(runner.child);
      await watch.poll();
      expect(await messages()).to.include(`${refs[1].job}.2`);
      expect(volt.context.problems.list().map(({ message }) => message)).to.have.length(1);
    });

    it('and counts no runner that has handed it back', async () => {
      let ref = await queued();
      for (let count = 1; count <= 4; count++) {
        await moveToNextAttempt(volt.context.database, ref, {
          reason: 'handed_back',
          message: 'stopping',
          at: Date.now(),
        });
        ref = { ...ref, attempt: ref.attempt + 1 };
      }
      await volt.context.queues.queue('jobs').remove(`${ref.job}.1`);
      await routeBuild(volt.context, buildIdOf(ref.job));
      const runner = live();
      await take('dead~1', ref);
      await startAttempt(volt.context.database, ref, { id: 'dead~1', name: 'dead', host: 'box' }, Date.now());
      await member('dead~1', { ...runner.identity, running: [attemptName(ref)] });
      await end(runner.child);
      await watch.poll();
      expect(await decided()).to.deep.equal([]);
      expect(await messages()).to.deep.equal([`${ref.job}.6`]);
    });
  });

  describe('counts lost attempts', () => {
    let old: RunnerWatch;

    before(async () => {
      old = new RunnerWatch(volt.context);
      await pause(heartbeatTtl + 100);
    });

    /** Ends the runner and lets the dispatcher notice it. */
    async function lose(runner: { child: ChildProcess }, by = old): Promise<void> {
      await by.poll();
      await end(runner.child);
      await by.poll();
    }
    const last = async (ref: AttemptRef) => (await attempts(ref)).slice(-2);

    it('and gives a job that has lost nine another runner', async () => {
      const { ref, runner } = await runningAfter(8);
      await lose(runner);
      expect(await last(ref)).to.deep.equal(['runner_lost', 'queued']);
      expect(await decided()).to.deep.equal([]);
    });

    it('and ends a job that has lost ten as poison', async () => {
      const { ref, runner } = await runningAfter(9);
      await lose(runner);
      const [end] = await decided();
      expect(end).to.include({ job: ref.job, status: 'error', reason: 'poison' });
      expect(end?.message).to.equal('10 runners were lost while they ran it; it is given to no other runner');
      expect((await jobNow(ref)).attempts.at(-1)?.message).to.match(/^runner vanished after/);
      // until the end is recorded, the last message keeps any other from being sent
      await reconcile(volt.context);
      expect(await messages()).to.deep.equal([attemptName(ref)]);
    });

    it('but none within one TTL after the dispatcher has started', async () => {
      const { ref, runner } = await runningAfter(9);
      await lose(runner, new RunnerWatch(volt.context));
      expect(await last(ref)).to.deep.equal(['runner_lost', 'queued']);
      expect(await decided()).to.deep.equal([]);
    });

    it('but none whose runner was gone before the dispatcher started', async () => {
      const { ref, runner } = await runningAfter(9);
      await end(runner.child);
      await watch.poll();
      expect(await last(ref)).to.deep.equal(['runner_lost', 'queued']);
    });

    it('but none of a runner that had reported a low disk', async () => {
      const { ref, runner } = await runningAfter(9, { vitals: lowDisk });
      await lose(runner);
      expect(await last(ref)).to.deep.equal(['runner_lost', 'queued']);
    });

    it('but ends a job as poison after a hundred attempts, whatever their losses', async () => {
      const { ref, runner } = await runningAfter(99, { counts: false });
      await lose(runner);
      expect((await decided())[0]).to.include({ job: ref.job, reason: 'poison' });
    });

    it('but none within one TTL after Redis has refused a heartbeat', async () => {
      old.restart();
      const { ref, runner } = await runningAfter(9);
      await lose(runner);
      expect(await last(ref)).to.deep.equal(['runner_lost', 'queued']);
    });
  });

  it('takes an attempt back one TTL after the last heartbeat if no living runner claims it', async () => {
    const far = { machine: 'another' };
    const silent = await running('silent~1');
    const claimed = await running('claiming~1');
    const reported = await running('reporting~1');
    const untold = await queued();
    await take('untold~1', untold);
    await member('silent~1', { ...far, running: [attemptName(silent)] });
    const others = async () => {
      await member('claiming~1', { ...far, running: [attemptName(claimed)] });
      await member('reporting~1', { ...far, reporting: [attemptName(reported)] });
    };
    await others();
    const begun = performance.now();
    await watch.poll();
    // its key is gone at once: that alone says nothing, this Redis may be new
    await volt.context.access.client.del(volt.context.access.keys.member('runner', 'silent~1'));
    await watch.poll();
    expect(await attempts(silent)).to.deep.equal(['running']);
    await until('it is taken back', async () => {
      await others();
      await watch.poll();
      return (await attempts(silent)).length > 1;
    });
    expect(performance.now() - begun, 'not before one TTL has passed').to.be.at.least(heartbeatTtl);
    expect(await attempts(silent)).to.deep.equal(['runner_lost', 'queued']);
    expect((await jobNow(silent)).attempts[0]?.message).to.match(
      /^runner fell silent after \d+\.\d s, noticed after [5-9]/,
    );
    expect(await attempts(untold)).to.deep.equal(['runner_lost', 'queued']);
    for (const ref of [claimed, reported]) expect(await attempts(ref)).to.deep.equal(['running']);
    expect((await messages()).filter((id) => id?.endsWith('.2'))).to.have.members([
      `${silent.job}.2`,
      `${untold.job}.2`,
    ]);
    expect(await known()).to.have.members(['claiming~1', 'reporting~1']);
  });

  it('hands back an attempt that its living runner did not hear of, without a loss', async () => {
    const ref = await queued();
    await take('box~1', ref);
    await until('it is taken back', async () => {
      await member('box~1', { running: [] });
      await watch.poll();
      return (await jobNow(ref)).attempts.length > 1;
    });
    expect(await attempts(ref)).to.deep.equal(['handed_back', 'queued']);
    expect((await jobNow(ref)).attempts[0]?.message).to.include('did not hear that it was given the job');
  });

  it('leaves attempts to a living runner that sends no new or no readable heartbeat', async () => {
    const { client, keys } = volt.context.access;
    const [quiet, strange] = [await running('quiet~1'), await running('strange~1')];
    await member('quiet~1', { running: [] });
    await client.sadd(keys.members('runner'), 'strange~1');
    await client.set(keys.member('runner', 'strange~1'), '{"version":"9"}');
    const begun = performance.now();
    await until('it would be silence', async () => {
      await client.pexpire(keys.member('runner', 'quiet~1'), heartbeatTtl);
      await watch.poll();
      return performance.now() - begun > heartbeatTtl + heartbeatInterval;
    });
    for (const ref of [quiet, strange]) expect(await attempts(ref)).to.deep.equal(['running']);
    expect(volt.context.problems.list().some(({ message }) => message.includes('strange~1'))).to.equal(true);
    await client.del(keys.member('runner', 'quiet~1'), keys.member('runner', 'strange~1'));
    for (const ref of [quiet, strange]) {
      await until('it is taken back', async () => {
        await watch.poll();
        return (await attempts(ref)).length > 1;
      });
    }
  });

  it('repeats the order to drain until the heartbeat of the runner says that it follows it', async () => {
    const { access, database, logger } = volt.context;
    let orders = 0;
    const unlisten = await listen(access, access.keys.runnerKeysChanged, z.object({}), logger, () => orders++);
    const beat = (drained: boolean) => writeHeartbeat(access, 'runner', runnerMember('r~1', { drained }));
    await beat(false);
    await drainRunner(database, { runner: 'r', by: 'ada', reason: null });
    await watch.poll();
    expect((await readRunnerRules(access, stranger().publicKey, 'r'))?.isDrained).to.equal(true);
    const published = await until('it is told', () => orders);
    await watch.poll();
    await until('it is told again', () => orders > published);
    await beat(true);
    await watch.poll();
    // what was sent before arrives first
    const before = orders;
    await access.client.publish(access.keys.runnerKeysChanged, '{}');
    await until('the last message is there', () => orders > before);
    expect(orders - before).to.equal(1);
    await resumeRunner(database, 'r');
    await watch.poll();
    expect((await readRunnerRules(access, stranger().publicKey, 'r'))?.isDrained).to.equal(false);
    await unlisten();
  });

  it('tells a runner that was taken for lost which of its attempts no longer count or belong to another runner', async () => {
    const { access, logger, database } = volt.context;
    const ref = await running('back~1');
    await moveToNextAttempt(database, ref, { reason: 'runner_lost', message: 'gone', at: Date.now() });
    const over = await running('back~2');
    await decideJob(database, over, { status: 'cancelled', reason: 'by_user', message: null }, Date.now());
    const current = await running('back~1');
    const heard: RunnerNotice[] = [];
    const key = access.keys.toRunner('back~1');
    const stop = await listen(access, key, runnerNoticeSchema, logger, (notice) => heard.push(notice));
    // a failover of Redis may have forgotten that it was taken, so that it was given to two
    const taken = await running('first~1');
    const claims = [ref, over, current, taken, { job: '999999-1' as JobId, attempt: 1 }].map(attemptName);
    await member('back~1' as RunnerId, { running: [...claims, 'nonsense'] });
    await watch.poll();
    await until('all are told', () => heard.length >= 3);
    expect(heard).to.have.deep.members([
      { kind: 'lose', ...ref },
      { kind: 'lose', ...over },
      { kind: 'lose', ...taken },
    ]);
    await stop();
  });
});
