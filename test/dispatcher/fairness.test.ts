import { expect } from 'chai';
import { originFor, priorityOf, startTags } from '../../src/dispatcher/fairness.ts';
import { QueuedMessages } from '../../src/dispatcher/queued-messages.ts';
import { route } from '../../src/dispatcher/route.ts';
import type { Logger } from '../../src/kernel/logger.ts';
import { type BuildId, type JobId, jobIdOf, type RunnerId } from '../../src/kernel/model.ts';
import type { JobMessage } from '../../src/queues/messages.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { Queues } from '../../src/queues/queues.ts';
import { SlotWorker } from '../../src/queues/slots.ts';
import { identityOf } from '../../src/record/build-ids.ts';
import { decideJob, finishAttempt, moveToNextAttempt, startAttempt } from '../../src/record/moves.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import { type PlannedJob, recordPlan } from '../../src/record/plans.ts';
import { priorityOrigin, removeUnusedLabelSets, type StartTags } from '../../src/record/virtual-time.ts';
import type { RedisAccess } from '../../src/redis/connect.ts';
import { claimRedis } from '../../src/redis/identity.ts';
import { newBuild, observed, plannedJob } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };

describe('fairness between repositories', () => {
  let volt: TestVolt;

  before(async () => {
    volt = await TestVolt.start();
    for (const name of ['busy', 'quiet', 'third']) await observed(volt.context.database, name);
  });

  afterEach(async () => {
    const { database, access } = volt.context;
    await database.db.deleteFrom('builds').execute();
    await database.db.deleteFrom('label_sets').execute();
    await database.db.deleteFrom('meta').where('key', '=', 'priority_origin').execute();
    await access.client.flushall();
  });

  after(() => volt.stop());

  const jobsOf = (count: number, ...labels: string[]) =>
    Array.from({ length: count }, (_, index) => plannedJob(`job${index + 1}`, { labels }));

  /** Records a build of so many jobs, or of those given. */
  async function plan(repo: string, jobs: number | PlannedJob[], tags: StartTags = startTags): Promise<BuildId> {
    const build = newBuild({ repo, jobs: typeof jobs === 'number' ? jobsOf(jobs) : jobs });
    const planned = await recordPlan(volt.context.database, build, tags);
    return (planned as { build: BuildId }).build;
  }

  const start = (build: BuildId, position: number) =>
    startAttempt(volt.context.database, { job: jobIdOf(build, position), attempt: 1 }, box, Date.now());
  const end = (build: BuildId, position: number) =>
    decideJob(
      volt.context.database,
      { job: jobIdOf(build, position), attempt: 1 },
      { status: 'success', reason: null, message: null },
      Date.now(),
    );

  /** Jobs that begin and end, one after the other. */
  async function serve(build: BuildId, first: number, last: number): Promise<void> {
    for (let position = first; position <= last; position++) {
      await start(build, position);
      await end(build, position);
    }
  }

  /** The repositories of the jobs that wait for these labels, in the order in which runners would get them. */
  async function order(...labels: string[]): Promise<string[]> {
    const { database, queues } = volt.context;
    await route(volt.context, await openJobs(database, { status: 'queued', limit: 10_000 }));
    const waiting = await queues.queue(jobQueue(labels)).getPrioritized();
    return waiting.map(({ data }) => (data as JobMessage).repo.name);
  }

  /** The tags of jobs that are queued now. */
  const take = (repo: string, jobs: string[][], circumstances: Parameters<typeof startTags>[3] = {}) =>
    volt.context.database.write((db) => startTags(db, repo, jobs, circumstances));

  /** The virtual time of these labels has come so far. */
  const timeAt = (time: number, ...labels: string[]) =>
    volt.context.database.db
      .insertInto('label_sets')
      .values({ labels: JSON.stringify(labels), time })
      .execute();

  it('a repository with a thousand jobs does not hold up one that has just woken up', async () => {
    await plan('busy', 1000);
    await plan('quiet', 1);
    expect((await order()).indexOf('quiet')).to.be.at.most(1);
  });

  it('nor while its jobs are running', async () => {
    const busy = await plan('busy', 1000);
    for (let position = 1; position <= 20; position++) {
      await start(busy, position);
      if (position < 18) await end(busy, position);
    }
    await plan('quiet', 1);
    expect((await order()).indexOf('quiet')).to.be.at.most(1);
  });

  it('repositories that all have work take turns', async () => {
    await plan('busy', 100);
    await plan('quiet', 30);
    await plan('third', 30);
    const first = (await order()).slice(0, 90);
    for (const name of ['busy', 'quiet', 'third']) {
      expect(first.filter((repo) => repo === name)).to.have.length(30);
      expect(
        first.slice(0, 9).filter((repo) => repo === name),
        `${name} at the beginning`,
      ).to.have.length(3);
    }
  });

  it('the jobs of one repository keep their order', async () => {
    for (let count = 0; count < 3; count++) await plan('busy', 2);
    const { database } = volt.context;
    const jobs = await openJobs(database, { status: 'queued', limit: 10 });
    const tags = jobs.map(({ virtualStart }) => virtualStart);
    expect(tags).to.deep.equal([...tags].sort((a, b) => a - b));
    expect(new Set(tags).size).to.equal(6);
    const byBuild = [...jobs].sort((a, b) => Number(a.build) - Number(b.build) || a.id.localeCompare(b.id));
    expect(jobs).to.deep.equal(byBuild);
  });

  it('a repository that was quiet has saved up nothing: it takes turns like the others', async () => {
    const busy = await plan('busy', 100);
    await start(busy, 60);
    await plan('quiet', 100);
    const first = (await order()).filter((_, index) => index >= 59).slice(0, 40);
    expect(first.filter((repo) => repo === 'quiet').length).to.be.within(15, 25);
  });

  it('when all work is done, nobody has anything over anybody', async () => {
    const busy = await plan('busy', 50);
    for (let position = 1; position <= 50; position++) await end(busy, position);
    await plan('quiet', 1);
    await plan('busy', 1);
    await plan('third', 1);
    const tags = (await openJobs(volt.context.database, { limit: 10 })).map(({ virtualStart }) => virtualStart);
    expect(new Set(tags).size).to.equal(1);
  });

  it('a priority is one that BullMQ takes, whatever the tag and the origin, and keeps the order of tags', () => {
    for (const origin of [0, 2 ** 20, 2 ** 40]) {
      const tags = [0, 1, 2, 1000, 2 ** 20, 2 ** 21 - 3, 2 ** 22, 2 ** 41].map((distance) => origin + distance);
      const priorities = [0, ...tags].map((tag) => priorityOf(tag, origin));
      for (const priority of priorities) expect(priority).to.be.within(1, 2 ** 21 - 1);
      expect(priorities).to.deep.equal([...priorities].sort((a, b) => a - b));
      expect(new Set(priorities.slice(1, 7)).size).to.equal(6);
    }
  });

  it('the origin follows the virtual time, and leaves room beyond it', () => {
    let origin = 0;
    for (let time = 0; time < 2 ** 25; time += 4099) {
      origin = originFor({ lowest: time, highest: time }, origin);
      expect(time - origin).to.be.within(0, 2 ** 20 - 1);
      expect(originFor({ lowest: time, highest: time }, origin), 'it is at rest').to.equal(origin);
    }
  });

  it('the origin waits for what is behind as long as there is room, and never moves back', () => {
    for (const lowest of [0, 2 ** 19 + 5, null]) {
      let origin = 0;
      for (let highest = 0; highest < 2 ** 23; highest += 4099) {
        const next = originFor({ lowest, highest }, origin);
        expect(next).to.be.at.least(origin);
        expect(highest - next, 'room for what waits beyond').to.be.below(2 ** 20 + 2 ** 19);
        if (lowest !== null && highest < 2 ** 20 + 2 ** 19) expect(next).to.be.at.most(lowest);
        expect(originFor({ lowest, highest }, next), 'it is at rest').to.equal(next);
        expect(originFor({ lowest, highest: 0 }, next)).to.equal(next);
        origin = next;
      }
    }
  });

  describe('between label sets', () => {
    it('a repository comes next though its queue is served more slowly than another', async () => {
      const busy = await plan('busy', [...jobsOf(100, 'linux'), ...jobsOf(100, 'arm')]);
      await serve(busy, 101, 150);
      await plan('quiet', jobsOf(1, 'linux'));
      await plan('third', jobsOf(1, 'arm'));
      expect((await order('linux')).indexOf('quiet')).to.be.at.most(1);
      expect((await order('arm')).indexOf('third')).to.be.at.most(1);
    });

    it('what waits for a runner that never comes does not hold time back', async () => {
      await plan('third', jobsOf(1, 'gpu'));
      await serve(await plan('busy', 60), 1, 60);
      await plan('quiet', 100);
      await plan('busy', 1);
      expect((await order()).indexOf('busy')).to.be.at.most(1);
    });

    it('nor does a job that has run for long', async () => {
      const busy = await plan('busy', 62);
      await start(busy, 1);
      await serve(busy, 2, 61);
      await plan('quiet', 100);
      expect((await order()).indexOf('busy')).to.be.at.most(1);
    });

    it('nor one that is taken back, which goes first', async () => {
      const busy = await plan('busy', 60);
      await start(busy, 1);
      await serve(busy, 2, 60);
      const ref = { job: jobIdOf(busy, 1), attempt: 1 };
      await moveToNextAttempt(volt.context.database, ref, { reason: 'runner_lost', message: 'gone', at: Date.now() });
      await plan('quiet', 10);
      await plan('third', 10);
      const [first, ...others] = await order();
      expect(first).to.equal('busy');
      expect(others.slice(0, 8).filter((repo) => repo === 'quiet')).to.have.length(4);
    });

    it("one that is taken back goes before its repository's other jobs, also those that came while it ran alone", async () => {
      await serve(await plan('busy', 5), 1, 5);
      const lost = await plan('busy', 1);
      await start(lost, 1);
      const next = await plan('busy', 2);
      await order();
      const ref = { job: jobIdOf(lost, 1), attempt: 1 };
      await moveToNextAttempt(volt.context.database, ref, { reason: 'runner_lost', message: 'gone', at: Date.now() });
      await order();
      const waiting = await volt.context.queues.queue(jobQueue([])).getPrioritized();
      const jobs = waiting.map(({ data }) => (data as JobMessage).job);
      expect(jobs).to.deep.equal([ref.job, jobIdOf(next, 1), jobIdOf(next, 2)]);
    });

    it('one that is taken back goes first where the time of its labels has begun anew meanwhile', async () => {
      await timeAt(7000);
      const busy = await plan('busy', 1);
      await start(busy, 1);
      await volt.context.database.db.updateTable('label_sets').set({ time: 10 }).execute();
      await plan('quiet', 20, async (_, __, jobs) => jobs.map((_, index) => 10 + index));
      const ref = { job: jobIdOf(busy, 1), attempt: 1 };
      await moveToNextAttempt(volt.context.database, ref, { reason: 'runner_lost', message: 'gone', at: Date.now() });
      expect((await order()).indexOf('busy')).to.be.at.most(1);
    });

    it('a start of which only the outcome is known moves time, too', async () => {
      const busy = await plan('busy', 60);
      const runner = { id: 'box~1' as RunnerId, name: 'box', host: 'box' };
      for (let position = 1; position <= 50; position++) {
        await finishAttempt(
          volt.context.database,
          { job: jobIdOf(busy, position), attempt: 1 },
          {
            ...{ status: 'success', reason: null, message: null, runner, exitCode: 0, steps: [] },
            ...{ logBytes: 0, logComplete: true, startedAt: 1, finishedAt: 2 },
          },
        );
      }
      const times = await volt.context.database.db.selectFrom('label_sets').select('time').execute();
      expect(times).to.deep.equal([{ time: 49 }]);
    });

    it('a runner that serves several gives a repository one share, however many its jobs ask for', async () => {
      const fleet = [['a', 'b', 'c']];
      const busy = await take(
        'busy',
        Array.from({ length: 30 }, (_, index) => [['a'], ['b'], ['c']][index % 3] ?? []),
        {
          fleet,
        },
      );
      const quiet = await take(
        'quiet',
        Array.from({ length: 30 }, () => ['a']),
        { fleet },
      );
      expect(busy).to.deep.equal(quiet);
    });

    it('jobs that wait for labels without runners do not keep their repository from those with runners', async () => {
      const waiting = (circumstances: { fleet: string[][] }) => async () => {
        await plan('busy', jobsOf(100, 'gpu'));
        const [tag] = await take('busy', [['linux']], circumstances);
        await volt.context.database.db.deleteFrom('builds').execute();
        await volt.context.database.db.deleteFrom('label_sets').execute();
        return tag;
      };
      expect(await waiting({ fleet: [['linux']] })()).to.equal(0);
      expect(await waiting({ fleet: [['linux'], ['arm', 'gpu']] })()).to.equal(0);
      expect(await waiting({ fleet: [['linux', 'gpu']] })()).to.equal(100);
    });

    it('one that nobody waits for begins where those are that a runner chooses between', async () => {
      await timeAt(7000, 'arm');
      await timeAt(10, 'gpu');
      await timeAt(5000, 'linux');
      await plan('third', jobsOf(100, 'arm'), async (_, __, jobs) => jobs.map((_, index) => 7000 + index));
      await plan('busy', jobsOf(100, 'gpu'), async (_, __, jobs) => jobs.map((_, index) => 10 + index));
      const next = async (...fleet: string[][]) => {
        const [tag] = await take('quiet', [['linux']], { fleet });
        return tag;
      };
      expect(await next(['arm'], ['linux', 'gpu'])).to.equal(10);
      expect(await next(['arm', 'linux'], ['linux', 'gpu'])).to.equal(7000);
      expect(await next(['arm'], ['gpu'])).to.equal(7000);
    });

    it('what is kept for one goes when nothing of it is open', async () => {
      const { database } = volt.context;
      const over = await plan('busy', jobsOf(1, 'once'));
      await plan('quiet', jobsOf(1, 'gpu'));
      await removeUnusedLabelSets(database);
      expect(await database.db.selectFrom('turns').select('repo').execute()).to.have.length(2);
      await start(over, 1);
      await removeUnusedLabelSets(database);
      expect(await database.db.selectFrom('turns').select('repo').execute()).to.have.length(2);
      await end(over, 1);
      await removeUnusedLabelSets(database);
      expect(await database.db.selectFrom('turns').select('repo').execute()).to.deep.equal([{ repo: 'quiet' }]);
      expect(await database.db.selectFrom('label_sets').select('labels').execute()).to.deep.equal([
        { labels: '["gpu"]' },
      ]);
    });
  });

  it('a build goes on beside what its repository has waiting, and the turns are taken off those to come', async () => {
    await plan('busy', 100);
    expect(await take('busy', [[], []], { goesOn: true })).to.deep.equal([0, 1]);
    expect(await take('busy', [[]], { goesOn: true })).to.deep.equal([2]);
    expect(await take('busy', [[]])).to.deep.equal([103]);
    expect(await take('quiet', [[]])).to.deep.equal([0]);
  });

  describe('when tags grow beyond what a priority can be', () => {
    /** The virtual time is close to where the origin has to be moved. */
    const nearTheEnd = async () => {
      await timeAt(2 ** 20 - 150);
    };
    /** Looks until there is nothing more to do at once. */
    async function look(page?: number, context = volt.context): Promise<void> {
      const messages = new QueuedMessages(context, page);
      while (await messages.look(new Set()));
    }
    /** The start tags of the messages that wait, in their order. */
    async function tags(): Promise<number[]> {
      const { database, queues } = volt.context;
      const byId = new Map(
        (await openJobs(database, { limit: 10_000 })).map(({ id, virtualStart }) => [id, virtualStart]),
      );
      const waiting = await queues.queue('jobs').getPrioritized();
      return waiting.map(({ data }) => byId.get((data as JobMessage).job) as number);
    }
    const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);
    const send = async () =>
      route(volt.context, await openJobs(volt.context.database, { status: 'queued', limit: 10_000 }));

    /** The job runs, and its message is in the hand of its runner. */
    async function begin(build: BuildId, position: number): Promise<void> {
      await start(build, position);
      await volt.context.queues.queue('jobs').remove(`${jobIdOf(build, position)}.1`);
    }

    it('their order stays, and whoever comes then has its turn', async () => {
      await nearTheEnd();
      const busy = await plan('busy', 300);
      await plan('third', 300);
      await send();
      await begin(busy, 200);
      const before = await tags();
      await look(7);
      expect(await priorityOrigin(volt.context.database.db)).to.equal(2 ** 19);
      expect(await tags()).to.deep.equal(before);
      await plan('quiet', 20);
      await send();
      const all = await tags();
      expect(all).to.have.length(619);
      expect(all).to.deep.equal(sorted(all));
    });

    it('it holds however often they do', async () => {
      const { database } = volt.context;
      for (let finish = 0; finish < 2 ** 23; finish += 2 ** 20 - 5) {
        await database.db.deleteFrom('label_sets').execute();
        await timeAt(finish);
        const busy = await plan('busy', 10);
        await plan('quiet', 3);
        await send();
        await begin(busy, 9);
        await look();
        await plan('third', 3);
        await send();
        const all = await tags();
        expect(all).to.deep.equal(sorted(all));
        expect(all).to.have.length(15);
        await database.db.deleteFrom('builds').execute();
        await volt.context.queues.queue('jobs').drain();
      }
    });

    it('what has stood still since long ago goes first, and moves the origin no more than once', async () => {
      const { database, queues } = volt.context;
      const stuck = await plan('third', jobsOf(1, 'gpu'));
      await timeAt(3_000_000);
      await plan('busy', 10, async (_, __, jobs) => jobs.map((_, index) => 3_000_000 + index));
      await send();
      const origins: number[] = [];
      for (let looks = 0; looks < 3; looks++) {
        await look();
        origins.push(await priorityOrigin(database.db));
      }
      expect(new Set(origins).size).to.equal(1);
      const all = await tags();
      expect(all).to.deep.equal(sorted(all));
      const gpu = await queues.queue('jobs.gpu').getJob(`${jobIdOf(stuck, 1)}.1`);
      expect(gpu?.priority).to.equal(1);
      expect((await queues.queue('jobs').getPrioritized())[0]?.priority).to.be.above(1);
    });

    it('a dispatcher that dies on the way leaves them in order, and the next one goes on', async () => {
      await nearTheEnd();
      const busy = await plan('busy', 200);
      await send();
      await begin(busy, 190);
      const dying = new DyingQueues(volt.context.access, volt.context.logger, 5);
      const died = await look(10, { ...volt.context, queues: dying }).catch(String);
      await dying.close();
      expect(died).to.equal('Error: dead');
      expect(await priorityOrigin(volt.context.database.db)).to.equal(0);
      const between = await tags();
      expect(between).to.deep.equal(sorted(between));
      await look();
      expect(await priorityOrigin(volt.context.database.db)).to.equal(2 ** 19);
      await plan('quiet', 5);
      await send();
      const all = await tags();
      expect(all).to.have.length(204);
      expect(all).to.deep.equal(sorted(all));
    });

    it('runners that take jobs while several dispatchers see to it get them in order, each once', async () => {
      await nearTheEnd();
      const busy = await plan('busy', 300);
      await plan('quiet', 100);
      await send();
      const byId = new Map(
        (await openJobs(volt.context.database, { limit: 1000 })).map((job) => [job.id, job.virtualStart]),
      );
      await begin(busy, 200);
      const taken: JobId[] = [];
      const worker = new SlotWorker(volt.context.access, {
        ...{
          runner: 'box~1',
          slots: 1,
          labels: [],
          logger: volt.context.logger,
          ready: () => true,
          isGenuine: () => true,
        },
        run: async ({ job }) => taken.push(job) > 0,
        refuse: async () => undefined,
      });
      try {
        await Promise.all([look(9), look(13), look(400)]);
        await until('all are taken', () => taken.length === 399);
      } finally {
        await worker.close();
      }
      expect(new Set(taken).size).to.equal(399);
      const order = taken.map((id) => byId.get(id) as number);
      expect(order).to.deep.equal(sorted(order));
    });

    it('a Redis that was emptied gets all of them in order', async () => {
      await nearTheEnd();
      const busy = await plan('busy', 300);
      await send();
      await begin(busy, 200);
      await look();
      const { access, database } = volt.context;
      await access.client.flushall();
      await claimRedis(access, identityOf(database));
      await access.client.del(access.keys.young);
      await plan('quiet', 100);
      await look(30);
      const all = await tags();
      // one has begun
      expect(all).to.have.length(399);
      expect(all).to.deep.equal(sorted(all));
    });
  });
});

/** Queues of a dispatcher that dies when it has changed priorities so many times. */
class DyingQueues extends Queues {
  #left: number;

  constructor(access: RedisAccess, logger: Logger, left: number) {
    super(access, logger);
    this.#left = left;
  }

  override async changePriorities(entries: Parameters<Queues['changePriorities']>[0]): Promise<void> {
    if (this.#left-- === 0) throw new Error('dead');
    await super.changePriorities(entries);
  }
}
