import { expect } from 'chai';
import { originFor, priorityOf, startTags } from '../../src/dispatcher/fairness.ts';
import { QueuedMessages } from '../../src/dispatcher/queued-messages.ts';
import { route } from '../../src/dispatcher/route.ts';
import type { Logger } from '../../src/kernel/logger.ts';
import { type BuildId, type JobId, jobIdOf } from '../../src/kernel/model.ts';
import type { JobMessage } from '../../src/queues/messages.ts';
import { Queues } from '../../src/queues/queues.ts';
import { SlotWorker } from '../../src/queues/slots.ts';
import { decideJob, startAttempt } from '../../src/record/moves.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import { recordPlan } from '../../src/record/plans.ts';
import { priorityOrigin } from '../../src/record/virtual-time.ts';
import type { RedisAccess } from '../../src/redis/connect.ts';
import { newBuild, observed, plannedJob } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };

describe('fairness between repositories', () => {
  let volt: TestVolt;

  before(async () => {
    volt = await TestVolt.start();
    for (const name of ['busy', 'quiet', 'third']) await observed(volt.context.record, name);
  });

  afterEach(async () => {
    const { record, access } = volt.context;
    await record.db.deleteFrom('builds').execute();
    await record.db.updateTable('repositories').set({ virtual_finish: 0 }).execute();
    await record.db.deleteFrom('meta').where('key', '=', 'priority_origin').execute();
    await access.client.flushall();
  });

  after(() => volt.stop());

  /** Records a build of so many jobs. */
  async function plan(repo: string, count: number): Promise<BuildId> {
    const jobs = Array.from({ length: count }, (_, index) => plannedJob(`job${index + 1}`));
    const planned = await recordPlan(volt.context.record, newBuild({ repo, jobs }), startTags);
    return (planned as { build: BuildId }).build;
  }

  const start = (build: BuildId, position: number) =>
    startAttempt(volt.context.record, { job: jobIdOf(build, position), attempt: 1 }, box, Date.now());
  const end = (build: BuildId, position: number) =>
    decideJob(
      volt.context.record,
      { job: jobIdOf(build, position), attempt: 1 },
      { status: 'success', reason: null, message: null },
      Date.now(),
    );

  /** The repositories of the jobs that wait, in the order in which runners would get them. */
  async function order(): Promise<string[]> {
    const { record, queues } = volt.context;
    await route(volt.context, await openJobs(record, { status: 'queued', limit: 10_000 }));
    const waiting = await queues.queue('jobs').getPrioritized();
    return waiting.map(({ data }) => (data as JobMessage).repo.name);
  }

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
    const { record } = volt.context;
    const jobs = await openJobs(record, { status: 'queued', limit: 10 });
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
    const tags = (await openJobs(volt.context.record, { limit: 10 })).map(({ virtualStart }) => virtualStart);
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

  it('the origin follows the virtual time, and leaves room on both sides of it', () => {
    let origin = 0;
    for (let time = 0; time < 2 ** 25; time += 4099) {
      origin = originFor(time, origin);
      expect(time - origin).to.be.within(0, 2 ** 20 - 1);
      expect(originFor(time, origin), 'it is at rest').to.equal(origin);
      // the newest job that ran has ended first
      expect(originFor(Math.max(time - 50_000, 0), origin)).to.equal(origin);
    }
  });

  describe('when tags grow beyond what a priority can be', () => {
    /** The virtual time is close to where the origin has to be moved. */
    const nearTheEnd = async () => {
      const { record } = volt.context;
      await record.db
        .updateTable('repositories')
        .set({ virtual_finish: 2 ** 20 - 150 })
        .execute();
    };
    const look = (page?: number) => new QueuedMessages(volt.context, page).look(new Set());
    /** The start tags of the messages that wait, in their order. */
    async function tags(): Promise<number[]> {
      const { record, queues } = volt.context;
      const byId = new Map(
        (await openJobs(record, { limit: 10_000 })).map(({ id, virtualStart }) => [id, virtualStart]),
      );
      const waiting = await queues.queue('jobs').getPrioritized();
      return waiting.map(({ data }) => byId.get((data as JobMessage).job) as number);
    }
    const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);
    const send = async () =>
      route(volt.context, await openJobs(volt.context.record, { status: 'queued', limit: 10_000 }));

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
      expect(await priorityOrigin(volt.context.record)).to.equal(2 ** 19);
      expect(await tags()).to.deep.equal(before);
      await plan('quiet', 20);
      await send();
      const all = await tags();
      expect(all).to.have.length(619);
      expect(all).to.deep.equal(sorted(all));
    });

    it('it holds however often they do', async () => {
      const { record } = volt.context;
      for (let finish = 0; finish < 2 ** 23; finish += 2 ** 20 - 5) {
        await record.db.updateTable('repositories').set({ virtual_finish: finish }).execute();
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
        await record.db.deleteFrom('builds').execute();
        await volt.context.queues.queue('jobs').drain();
      }
    });

    it('a dispatcher that dies on the way leaves them in order, and the next one goes on', async () => {
      await nearTheEnd();
      const busy = await plan('busy', 200);
      await send();
      await begin(busy, 190);
      const dying = new DyingQueues(volt.context.access, volt.context.logger, 5);
      const died = await new QueuedMessages({ ...volt.context, queues: dying }, 10).look(new Set()).catch(String);
      await dying.close();
      expect(died).to.equal('Error: dead');
      expect(await priorityOrigin(volt.context.record)).to.equal(0);
      const between = await tags();
      expect(between).to.deep.equal(sorted(between));
      await look();
      expect(await priorityOrigin(volt.context.record)).to.equal(2 ** 19);
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
        (await openJobs(volt.context.record, { limit: 1000 })).map((job) => [job.id, job.virtualStart]),
      );
      await begin(busy, 200);
      const taken: JobId[] = [];
      const worker = new SlotWorker(volt.context.access, {
        ...{ runner: 'box~1', slots: 1, labels: [], logger: volt.context.logger, ready: () => true },
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
      await volt.context.access.client.flushall();
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
