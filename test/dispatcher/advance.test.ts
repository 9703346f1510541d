import { expect } from 'chai';
import { advance } from '../../src/dispatcher/advance.ts';
import { reconcile } from '../../src/dispatcher/reconcile.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { type BuildId, type FinalStatus, type JobId, jobIdOf, type RunnerId } from '../../src/kernel/model.ts';
import type { JobMessage, Result, ResultMessage } from '../../src/queues/messages.ts';
import { signedResult } from '../../src/queues/queues.ts';
import { SlotWorker } from '../../src/queues/slots.ts';
import { identityOf } from '../../src/record/build-ids.ts';
import { findBuild } from '../../src/record/builds.ts';
import { findIntent, openCancel } from '../../src/record/intents.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { listen, type RunnerNotice, runnerNoticeSchema } from '../../src/redis/channels.ts';
import { claimRedis, freshFor } from '../../src/redis/identity.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { runnerMember } from '../support/members.ts';
import { observed, plannedJob, recordedBuild } from '../support/record.ts';
import { stranger } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };

describe('the dispatcher', () => {
  let volt: TestVolt;
  let build: BuildId;

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await observed(volt.context.database);
  });

  beforeEach(async () => {
    await volt.context.access.client.flushall();
    for (const table of ['builds', 'intents'] as const) await volt.context.database.db.deleteFrom(table).execute();
    await reconcile(volt.context);
    // while a Redis is young, reconciling waits for what runners have to tell
    await volt.context.access.client.del(volt.context.access.keys.young);
  });

  after(() => volt.stop());

  /** A build of jobs, each with its needs. */
  async function plan(jobs: { [name: string]: string[] }): Promise<void> {
    build = await recordedBuild(volt.context.database, {
      jobs: Object.entries(jobs).map(([name, needs]) => plannedJob(name, { needs })),
    });
  }

  const job = (position: number): JobId => jobIdOf(build, position);
  const end = (position: number, status: FinalStatus) =>
    decideJob(
      volt.context.database,
      { job: job(position), attempt: 1 },
      { status, reason: status === 'success' ? null : 'exit_code', message: null },
      Date.now(),
    );
  const start = (position: number) =>
    startAttempt(volt.context.database, { job: job(position), attempt: 1 }, box, Date.now());
  const sent = async () =>
    (await volt.context.queues.queue('jobs').getPrioritized()).map(({ data }) => (data as JobMessage).name).sort();
  const decided = async () => {
    const results = (await volt.context.queues.queue('results').getWaiting()).map(({ data }) => data as ResultMessage);
    return results.filter((message): message is Result<'decided'> => message.kind === 'decided');
  };
  const statuses = async () =>
    Object.fromEntries(
      ((await findBuild(volt.context.database, build))?.jobs ?? []).map(({ name, status }) => [name, status]),
    );

  describe('moves a build on', () => {
    it('sends jobs without needs, and later the jobs that needed them', async () => {
      await plan({ build: [], lint: [], test: ['build'] });
      await advance(volt.context, build);
      expect(await sent()).to.deep.equal(['build', 'lint']);
      await end(1, 'success');
      await advance(volt.context, build);
      expect(await sent()).to.include('test');
      expect(await statuses()).to.include({ test: 'queued' });
    });

    it('skips jobs that can never run, with the reason', async () => {
      await plan({ build: [], test: ['build'], publish: ['test'] });
      await end(1, 'failure');
      await advance(volt.context, build);
      expect(
        (await decided()).map(({ job, status, reason, message }) => ({ job, status, reason, message })),
      ).to.deep.equal([{ job: job(2), status: 'skipped', reason: 'needs_failed', message: 'build did not succeed' }]);
      expect(await sent()).to.deep.equal([]);
    });

    it('does nothing when repeated, or for a finished or unknown build', async () => {
      await plan({ build: [] });
      await advance(volt.context, build);
      await advance(volt.context, build);
      expect(await sent()).to.deep.equal(['build']);
      await end(1, 'success');
      await volt.context.access.client.flushall();
      await advance(volt.context, build);
      await advance(volt.context, '999999' as BuildId);
      expect(await sent()).to.deep.equal([]);
    });
  });

  describe('makes the queues agree with the database', () => {
    it('sends queued jobs without a message, and no others', async () => {
      await plan({ one: [], two: [], three: [], waits: ['one'], done: [] });
      await start(2);
      await end(5, 'success');
      await reconcile(volt.context);
      expect(await sent()).to.deep.equal(['one', 'three']);
      await volt.context.queues.queue('jobs').remove(`${job(1)}.1`);
      await reconcile(volt.context);
      expect(await sent()).to.deep.equal(['one', 'three']);
    });

    it('ends a job that cannot be sent to a runner in an error, and sends the others', async () => {
      build = await recordedBuild(volt.context.database, {
        jobs: [
          plannedJob('strange', { plan: '{"kind":"of the future"}' }),
          plannedJob('broken', { plan: 'no JSON' }),
          plannedJob('large', { plan: JSON.stringify({ kind: 'command', command: 'x'.repeat(2_000_000) }) }),
          plannedJob('good'),
        ],
      });
      await routeBuild(volt.context, build);
      expect(await sent()).to.deep.equal(['good']);
      const bad = await decided();
      expect(bad.map((message) => [message.job, message.status, message.reason])).to.have.deep.members(
        [1, 2, 3].map((position) => [job(position), 'error', 'bad_message']),
      );
      for (const { message } of bad) expect(message).to.match(/^the job cannot be sent to a runner: ./);
    });

    it('moves a waiting build on if the message about it was lost', async () => {
      await plan({ lint: [], test: ['lint'] });
      await end(1, 'success');
      await reconcile(volt.context);
      expect(await sent()).to.deep.equal(['test']);
    });

    it('moves on a build whose advance message was lost while another of its jobs runs', async () => {
      await plan({ lint: [], test: ['lint'], long: [] });
      await end(1, 'success');
      await start(3);
      await reconcile(volt.context);
      expect(await sent()).to.deep.equal(['test']);
    });

    it('sends new jobs to a young Redis, and none that an earlier Redis may have held, whatever clocks say', async () => {
      const { access, database } = volt.context;
      await plan({ old: [] });
      await database.db
        .updateTable('attempts')
        .set({ created_at: Date.now() + 60_000 })
        .execute();
      await access.client.flushall();
      await claimRedis(access, identityOf(database));
      const old = build;
      await plan({ fresh: [] });
      await database.db.updateTable('attempts').set({ created_at: 1 }).where('job_id', '=', job(1)).execute();
      for (const id of [old, build]) await routeBuild(volt.context, id);
      expect(await sent()).to.deep.equal(['fresh']);
    });

    it('sends an emptied Redis no job that it may have held, even before a stage has noticed', async () => {
      await plan({ one: [], two: [] });
      await volt.context.access.client.flushall();
      await advance(volt.context, build);
      expect(await sent()).to.deep.equal([]);
      expect(await freshFor(volt.context.access)).to.be.greaterThan(0);
      await reconcile(volt.context);
      expect(await sent()).to.have.members(['one', 'two']);
    });

    it('sends queued jobs to a young Redis as soon as all recent runners have reported what they run', async () => {
      await plan({ one: [] });
      await volt.context.access.client.flushall();
      const beats = setInterval(() => {
        void writeHeartbeat(
          volt.context.access,
          'runner',
          runnerMember('known~1', { heartbeatAt: new Date().toISOString() }),
        );
      }, 50);
      try {
        await reconcile(volt.context, ['known~1' as RunnerId]);
      } finally {
        clearInterval(beats);
      }
      expect(await freshFor(volt.context.access), 'it is still young').to.be.greaterThan(0);
      expect(await sent()).to.deep.equal(['one']);
    });

    it('sends everything again and schedules the polls again after Redis was emptied', async () => {
      await plan({ one: [] });
      await routeBuild(volt.context, build);
      await volt.context.access.client.flushall();
      await reconcile(volt.context);
      expect(await sent()).to.deep.equal(['one']);
      const schedules = await volt.context.queues.queue('observe').getJobSchedulers();
      expect(schedules.map(({ key }) => key)).to.deep.equal(['app']);
    });

    it('sends no job that a living runner claims to run before its start is recorded', async () => {
      await plan({ one: [], two: [], three: [] });
      const change = { running: [`${job(1)}.1`], reporting: [`${job(2)}.1`] };
      await writeHeartbeat(volt.context.access, 'runner', runnerMember(box.id, change));
      await reconcile(volt.context);
      expect(await sent()).to.deep.equal(['three']);
    });

    it('repeats the lost start message of a job that a living runner claims', async () => {
      await plan({ one: [], two: [], three: [] });
      await start(3);
      const claims = [1, 3].map((position) => {
        const about = { v: 1, kind: 'started', job: job(position), attempt: 1 } as const;
        return JSON.stringify(signedResult({ ...about, runner: box, at: new Date().toISOString() }, stranger()));
      });
      const change = { running: [`${job(1)}.1`, `${job(3)}.1`], reporting: [`${job(2)}.1`], claims };
      await writeHeartbeat(volt.context.access, 'runner', runnerMember(box.id, change));
      await reconcile(volt.context);
      const said = (await volt.context.queues.queue('results').getWaiting()).map(({ data }) => data as ResultMessage);
      expect(said.map(({ kind, job: about, attempt }) => [kind, about, attempt])).to.deep.equal([
        ['started', job(1), 1],
      ]);
      expect((said[0] as Result<'started'>).runner).to.include({ id: box.id, name: box.name });
    });

    it('sends no job that a person wants to cancel', async () => {
      await plan({ one: [], two: [] });
      await openCancel(volt.context.database, 'app', build, job(1));
      await reconcile(volt.context);
      expect(await sent()).to.deep.equal(['two']);
    });
  });

  describe('carries out a cancel', () => {
    /** A runner that holds what it takes until it is told to let go. */
    function hold() {
      let letGo = () => {};
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const taken: string[] = [];
      const worker = new SlotWorker(volt.context.access, {
        runner: box.id,
        slots: 1,
        labels: [],
        logger: volt.context.logger,
        isGenuine: () => true,
        ready: () => true,
        run: async (message) => {
          taken.push(message.name);
          await held;
          return true;
        },
        refuse: async () => undefined,
      });
      const close = () => {
        letGo();
        return worker.close();
      };
      return { taken, close };
    }

    async function hear() {
      const { access, logger } = volt.context;
      const heard: RunnerNotice[] = [];
      const key = access.keys.toRunner(box.id as RunnerId);
      return { heard, stop: await listen(access, key, runnerNoticeSchema, logger, (notice) => heard.push(notice)) };
    }

    it('of queued jobs: takes them out of their queues and decides them', async () => {
      await plan({ one: [], two: [] });
      await routeBuild(volt.context, build);
      const intent = await openCancel(volt.context.database, 'app', build, null);
      await advance(volt.context, build);
      expect(await sent()).to.deep.equal([]);
      const decisions = await decided();
      expect(decisions.map((message) => message.job)).to.have.members([job(1), job(2)]);
      for (const decision of decisions) expect(decision).to.include({ status: 'cancelled', reason: 'by_user' });
      expect((await findIntent(volt.context.database, intent))?.open, 'until it is recorded').to.equal(true);
    });

    it('of one job: the others go on', async () => {
      await plan({ one: [], two: [] });
      await routeBuild(volt.context, build);
      await openCancel(volt.context.database, 'app', build, job(2));
      await advance(volt.context, build);
      expect(await sent()).to.deep.equal(['one']);
      expect((await decided()).map((message) => message.job)).to.deep.equal([job(2)]);
    });

    it('of a running job: tells its runner again and again until an outcome arrives', async () => {
      await plan({ one: [] });
      await start(1);
      const intent = await openCancel(volt.context.database, 'app', build, null);
      const { heard, stop } = await hear();
      await advance(volt.context, build);
      await advance(volt.context, build);
      await until('it is told twice', () => heard.length === 2);
      expect(heard[0]).to.include({ kind: 'cancel', job: job(1), attempt: 1 });
      expect(await decided()).to.deep.equal([]);
      await end(1, 'cancelled');
      await advance(volt.context, build);
      expect(await findIntent(volt.context.database, intent)).to.include({ open: false });
      expect(heard).to.have.length(2);
      await stop();
    });

    it('of a job that a runner has taken and not started: tells the runner', async () => {
      await plan({ one: [] });
      await routeBuild(volt.context, build);
      const runner = hold();
      await until('it is taken', () => runner.taken.length > 0);
      await openCancel(volt.context.database, 'app', build, null);
      const { heard, stop } = await hear();
      await advance(volt.context, build);
      await until('it is told', () => heard.length > 0);
      expect(await decided()).to.deep.equal([]);
      await stop();
      await runner.close();
    });

    it('of jobs that wait for others: none of them runs', async () => {
      await plan({ one: [], two: ['one'] });
      await routeBuild(volt.context, build);
      await openCancel(volt.context.database, 'app', build, null);
      await advance(volt.context, build);
      expect((await decided()).map((message) => message.job)).to.have.members([job(1), job(2)]);
    });

    it('of a queued job whose message is lost: decides it', async () => {
      await plan({ one: [] });
      await openCancel(volt.context.database, 'app', build, null);
      await reconcile(volt.context);
      expect((await decided()).map((message) => message.job)).to.deep.equal([job(1)]);
    });

    it('of a finished build: does nothing', async () => {
      await plan({ one: [] });
      await end(1, 'success');
      const intent = await openCancel(volt.context.database, 'app', build, null);
      await reconcile(volt.context);
      expect(await findIntent(volt.context.database, intent)).to.include({ open: false });
      expect(await decided()).to.deep.equal([]);
    });
  });
});
