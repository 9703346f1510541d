import { expect } from 'chai';
import { QueuedMessages } from '../../src/dispatcher/queued-messages.ts';
import { route } from '../../src/dispatcher/route.ts';
import type { Logger } from '../../src/kernel/logger.ts';
import { type BuildId, type JobId, jobIdOf, type RunnerId } from '../../src/kernel/model.ts';
import type { JobMessage } from '../../src/queues/messages.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { Queues } from '../../src/queues/queues.ts';
import { SlotWorker } from '../../src/queues/slots.ts';
import { identityOf } from '../../src/record/build-ids.ts';
import { removeUnusedLabelSets, startTags } from '../../src/record/fairness.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import type { PlannedJob } from '../../src/record/plans.ts';
import type { RedisAccess } from '../../src/redis/connect.ts';
import { claimRedis } from '../../src/redis/identity.ts';
import { observed, plannedJob, pullRequest7, recordedBuild } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const box = { id: 'box~1' as RunnerId, name: 'box', host: 'box' };

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
    await access.client.flushall();
  });

  after(() => volt.stop());

  const jobsOf = (count: number, ...labels: string[]) =>
    Array.from({ length: count }, (_, index) => plannedJob(`job${index + 1}`, { labels }));

  /** Records a build with this number of jobs, or with the given jobs. */
  const plan = (repo: string, jobs: number | PlannedJob[]): Promise<BuildId> =>
    recordedBuild(volt.context.database, { repo, jobs: typeof jobs === 'number' ? jobsOf(jobs) : jobs });

  const start = (build: BuildId, position: number) =>
    startAttempt(volt.context.database, { job: jobIdOf(build, position), attempt: 1 }, box, Date.now());
  const end = (build: BuildId, position: number) =>
    decideJob(
      volt.context.database,
      { job: jobIdOf(build, position), attempt: 1 },
      { status: 'success', reason: null, message: null },
      Date.now(),
    );
  const takeBack = (build: BuildId, position: number) =>
    moveToNextAttempt(
      volt.context.database,
      { job: jobIdOf(build, position), attempt: 1 },
      { reason: 'runner_lost', message: 'gone', at: Date.now() },
    );

  it('lets jobs of pull requests wait in a queue of their own, where they do not push back those of branches', async () => {
    const { database } = volt.context;
    const pull = await recordedBuild(database, { repo: 'busy', jobs: jobsOf(3), pullRequest: pullRequest7 });
    await plan('quiet', 2);
    await plan('busy', 2);
    await send();
    expect((await waiting()).map(({ repo }) => repo.name)).to.deep.equal(['quiet', 'busy', 'quiet', 'busy']);
    expect((await waiting('plan:pull-request')).map(({ build }) => build)).to.deep.equal([pull, pull, pull]);
  });

  /** Starts and ends jobs, one after the other. */
  async function serve(build: BuildId, first: number, last: number): Promise<void> {
    for (let position = first; position <= last; position++) {
      await start(build, position);
      await end(build, position);
    }
  }

  const send = async () =>
    route(volt.context, await openJobs(volt.context.database, { status: 'queued', limit: 10_000 }));

  /** The waiting messages of these labels, in the order in which runners get them. */
  async function waiting(...labels: string[]): Promise<JobMessage[]> {
    const messages = await volt.context.queues.queue(jobQueue(labels)).getPrioritized();
    return messages.map(({ data }) => data as JobMessage);
  }

  /** The repositories of the jobs that wait for these labels, in the order in which runners get the jobs. */
  async function order(...labels: string[]): Promise<string[]> {
    await send();
    return (await waiting(...labels)).map(({ repo }) => repo.name);
  }

  const tagsOf = (repo: string, count: number, options?: { continues: boolean }) =>
    volt.context.database.write((db) =>
      startTags(
        db,
        repo,
        Array.from({ length: count }, () => []),
        options,
      ),
    );

  it('a repository with a thousand jobs does not hold up one that has just pushed its first commit', async () => {
    await plan('busy', 1000);
    await plan('quiet', 1);
    expect((await order()).indexOf('quiet')).to.be.at.most(1);
  });

  it('a repository with a thousand jobs does not hold up another one while its jobs run', async () => {
    const busy = await plan('busy', 1000);
    for (let position = 1; position <= 20; position++) {
      await start(busy, position);
      if (position < 18) await end(busy, position);
    }
    await plan('quiet', 1);
    expect((await order()).indexOf('quiet')).to.be.at.most(1);
  });

  it('repositories that all have queued jobs take turns', async () => {
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

  it('repositories that queue a job whenever one starts do not starve the queued jobs of another', async () => {
    const busy = await plan('busy', 20);
    const next = { quiet: await plan('quiet', 1), third: await plan('third', 1) };
    const started: string[] = [];
    for (let count = 0; count < 30; count++) {
      const [job] = await openJobs(volt.context.database, { status: 'queued', limit: 1 });
      if (!job) break;
      const repo = job.repo.name as 'busy' | 'quiet' | 'third';
      started.push(repo);
      await start(job.build, Number(job.id.split('-')[1]));
      if (repo !== 'busy') next[repo] = await plan(repo, 1);
    }
    expect(started.filter((repo) => repo === 'busy')).to.have.length(10);
    await end(busy, 1);
  });

  it('the jobs of one repository keep their order', async () => {
    for (let count = 0; count < 3; count++) await plan('busy', 2);
    const jobs = await openJobs(volt.context.database, { status: 'queued', limit: 10 });
    const tags = jobs.map(({ virtualStart }) => virtualStart);
    expect(tags).to.deep.equal([1, 2, 3, 4, 5, 6]);
    const byBuild = [...jobs].sort((a, b) => Number(a.build) - Number(b.build) || a.id.localeCompare(b.id));
    expect(jobs).to.deep.equal(byBuild);
  });

  it('a repository that had no jobs has no credit: it takes turns like the others', async () => {
    const busy = await plan('busy', 100);
    await start(busy, 60);
    await plan('quiet', 100);
    const first = (await order()).filter((_, index) => index >= 59).slice(0, 40);
    expect(first.filter((repo) => repo === 'quiet').length).to.be.within(15, 25);
  });

  it('no repository has an advantage after a queue was empty', async () => {
    await serve(await plan('busy', 50), 1, 50);
    for (const repo of ['quiet', 'busy', 'third']) await plan(repo, 1);
    const tags = (await openJobs(volt.context.database, { limit: 10 })).map(({ virtualStart }) => virtualStart);
    expect(tags).to.deep.equal([1, 1, 1]);
  });

  it('jobs that are cancelled before they start give no other repository a lead', async () => {
    const busy = await plan('busy', 100);
    for (let position = 1; position <= 60; position++) await end(busy, position);
    await plan('quiet', 40);
    const first = (await order()).slice(0, 20);
    expect(first.filter((repo) => repo === 'busy')).to.have.length(10);
  });

  it('a queue that is served slowly has an order of its own', async () => {
    const busy = await plan('busy', [...jobsOf(100, 'linux'), ...jobsOf(100, 'arm')]);
    await serve(busy, 101, 150);
    await plan('quiet', jobsOf(1, 'linux'));
    await plan('third', jobsOf(1, 'arm'));
    expect((await order('linux')).indexOf('quiet')).to.be.at.most(1);
    expect((await order('arm')).indexOf('third')).to.be.at.most(1);
  });

  it('jobs for a label without runners do not hold up their repository in other queues', async () => {
    await plan('busy', jobsOf(100, 'gpu'));
    await plan('quiet', 10);
    await plan('busy', 1);
    expect((await order()).indexOf('busy')).to.be.at.most(1);
  });

  it('a job that runs for long does not hold back the time of its queue', async () => {
    const busy = await plan('busy', 62);
    await start(busy, 1);
    await serve(busy, 2, 61);
    await plan('quiet', 100);
    expect((await order()).indexOf('busy')).to.be.at.most(1);
  });

  it('a job that no runner takes does not hold back the time of its queue', async () => {
    await plan('third', 1);
    await serve(await plan('busy', 60), 1, 60);
    await plan('quiet', 100);
    await plan('busy', 1);
    expect((await order()).slice(0, 4)).to.include('busy');
  });

  it('a job that was taken back goes first, and does not hold back the time of its queue', async () => {
    const busy = await plan('busy', 61);
    await start(busy, 1);
    await serve(busy, 2, 60);
    await takeBack(busy, 1);
    await plan('quiet', 10);
    await plan('third', 10);
    const [first, ...others] = await order();
    expect(first).to.equal('busy');
    expect(others.slice(0, 9).filter((repo) => repo === 'quiet')).to.have.length(4);
  });

  it("a job that was taken back goes ahead of its repository's jobs that were sent before", async () => {
    const lost = await plan('busy', 1);
    await start(lost, 1);
    const next = await plan('busy', 2);
    await send();
    await takeBack(lost, 1);
    await send();
    const jobs = (await waiting()).map(({ job }) => job);
    expect(jobs).to.deep.equal([jobIdOf(lost, 1), jobIdOf(next, 1), jobIdOf(next, 2)]);
  });

  it('a job moves the time of its queue also if only its outcome is known', async () => {
    const busy = await plan('busy', 60);
    for (let position = 1; position <= 50; position++) {
      await finishAttempt(
        volt.context.database,
        { job: jobIdOf(busy, position), attempt: 1 },
        {
          ...{ status: 'success', reason: null, message: null, runner: box, exitCode: 0, steps: [] },
          ...{ logBytes: 0, logComplete: true, startedAt: 1, finishedAt: 2 },
        },
      );
    }
    const times = await volt.context.database.db.selectFrom('label_sets').select('time').execute();
    expect(times).to.deep.equal([{ time: 50 }]);
  });

  it("a build's next jobs go ahead of the repository's other jobs, and cost it as many turns later", async () => {
    await plan('busy', 100);
    expect(await tagsOf('busy', 2, { continues: true })).to.deep.equal([1, 2]);
    expect(await tagsOf('busy', 1, { continues: true })).to.deep.equal([3]);
    expect(await tagsOf('busy', 1)).to.deep.equal([104]);
    expect(await tagsOf('quiet', 1)).to.deep.equal([1]);
  });

  it('tags of label sets without open jobs are removed', async () => {
    const { database } = volt.context;
    const labels = () => database.db.selectFrom('turns').select('labels').orderBy('labels').execute();
    const over = await plan('busy', jobsOf(1, 'once'));
    await plan('quiet', jobsOf(1, 'gpu'));
    await removeUnusedLabelSets(database);
    expect(await labels()).to.have.length(2);
    await start(over, 1);
    await removeUnusedLabelSets(database);
    expect(await labels()).to.have.length(2);
    await end(over, 1);
    await removeUnusedLabelSets(database);
    expect(await labels()).to.deep.equal([{ labels: '["gpu"]' }]);
  });

  describe('when tags come near the largest priority', () => {
    const late = 2 ** 20;

    /** As if a million jobs had started since the queue was empty. */
    async function shift(): Promise<void> {
      const { db } = volt.context.database;
      await db
        .updateTable('jobs')
        .set((eb) => ({ virtual_start: eb('virtual_start', '+', late) }))
        .execute();
      await db
        .updateTable('label_sets')
        .set((eb) => ({ time: eb('time', '+', late) }))
        .execute();
      await db
        .updateTable('turns')
        .set((eb) => ({ finish: eb('finish', '+', late), beside: eb('beside', '+', late) }))
        .execute();
    }

    /** Polls until there is nothing more to do at once. */
    async function mend(page?: number, context = volt.context): Promise<void> {
      const messages = new QueuedMessages(context, page);
      while (await messages.poll(new Set()));
    }

    /** The start tags of the waiting messages, in their order. */
    async function tags(): Promise<number[]> {
      const jobs = await openJobs(volt.context.database, { limit: 10_000 });
      const byId = new Map(jobs.map(({ id, virtualStart }) => [id, virtualStart]));
      return (await waiting()).map(({ job }) => byId.get(job) as number);
    }
    const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);

    /** Two repositories with many jobs, sent with high priorities, and then a new job that moves all tags back. */
    async function movedBack(): Promise<{ before: JobId[] }> {
      const busy = await plan('busy', 300);
      await plan('third', 300);
      await shift();
      await send();
      await start(busy, 1);
      await volt.context.queues.queue('jobs').remove(`${jobIdOf(busy, 1)}.1`);
      const before = (await waiting()).map(({ job }) => job);
      await plan('quiet', 1);
      await send();
      return { before };
    }

    it('they move back to the beginning and keep their order', async () => {
      const { before } = await movedBack();
      await mend(7);
      const all = await tags();
      expect([all[0], all.at(-1)]).to.deep.equal([1, 300]);
      expect(all).to.deep.equal(sorted(all)).and.have.length(600);
      const quiet = (await waiting()).findIndex(({ repo }) => repo.name === 'quiet');
      expect(quiet).to.be.at.most(2);
      expect((await waiting()).filter(({ repo }) => repo.name !== 'quiet').map(({ job }) => job)).to.deep.equal(before);
    });

    it('a dispatcher that dies while it corrects priorities leaves the order, and the next one goes on', async () => {
      const { before } = await movedBack();
      const dying = new DyingQueues(volt.context.access, volt.context.logger, 5);
      const died = await mend(10, { ...volt.context, queues: dying }).catch(String);
      await dying.close();
      expect(died).to.equal('Error: dead');
      const old = (await waiting()).filter(({ repo }) => repo.name !== 'quiet').map(({ job }) => job);
      expect(old).to.deep.equal(before);
      await mend();
      const all = await tags();
      expect(all).to.deep.equal(sorted(all)).and.have.length(600);
    });

    it('runners that take jobs while several dispatchers correct priorities get each once, in order', async () => {
      await movedBack();
      await mend(7);
      const jobs = await openJobs(volt.context.database, { limit: 1000 });
      const byId = new Map(jobs.map((job) => [job.id, job.virtualStart]));
      const taken: JobId[] = [];
      const worker = new SlotWorker(volt.context.access, {
        ...{ runner: 'box~1', slots: 1, labels: [], logger: volt.context.logger },
        ...{ ready: () => true, isGenuine: () => true },
        run: async ({ job }) => taken.push(job) > 0,
        refuse: async () => undefined,
      });
      try {
        await Promise.all([mend(9), mend(13), mend(400)]);
        await until('all are taken', () => taken.length === 600);
      } finally {
        await worker.close();
      }
      expect(new Set(taken).size).to.equal(600);
      const order = taken.map((id) => byId.get(id) as number);
      expect(order).to.deep.equal(sorted(order));
    });

    it('a Redis that was emptied gets all of them in order', async () => {
      await movedBack();
      const { access, database } = volt.context;
      await access.client.flushall();
      await claimRedis(access, identityOf(database));
      await access.client.del(access.keys.young);
      await plan('quiet', 100);
      await mend(30);
      const all = await tags();
      expect(all).to.deep.equal(sorted(all)).and.have.length(700);
    });

    it('the job that has waited longest stays first', async () => {
      const [stuck] = [await plan('third', 1), await plan('busy', 10)];
      const { db } = volt.context.database;
      await shift();
      await db.updateTable('jobs').set({ virtual_start: 5 }).where('id', '=', jobIdOf(stuck, 1)).execute();
      await plan('quiet', 1);
      await send();
      const [first] = await waiting();
      expect(first?.job).to.equal(jobIdOf(stuck, 1));
      expect(sorted(await tags()).at(-1)).to.be.below(20);
    });
  });
});

/** Queues of a dispatcher that dies after it has changed priorities a number of times. */
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
