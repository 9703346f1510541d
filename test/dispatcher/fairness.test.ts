import { expect } from 'chai';
import { priorityOf, startTags } from '../../src/dispatcher/fairness.ts';
import { route } from '../../src/dispatcher/route.ts';
import { type BuildId, jobIdOf } from '../../src/kernel/model.ts';
import type { JobMessage } from '../../src/queues/messages.ts';
import { decideJob, startAttempt } from '../../src/record/moves.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import { recordPlan } from '../../src/record/plans.ts';
import { newBuild, observed, plannedJob } from '../support/record.ts';
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
    await route(queues, await openJobs(record, { status: 'queued', limit: 10_000 }));
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

  it('time begins anew when all work is done, so that priorities stay small', async () => {
    const busy = await plan('busy', 50);
    for (let position = 1; position <= 50; position++) await end(busy, position);
    await plan('quiet', 1);
    await plan('busy', 1);
    const tags = (await openJobs(volt.context.record, { limit: 10 })).map(({ virtualStart }) => virtualStart);
    expect(tags).to.deep.equal([0, 0]);
  });

  it('a priority is one that BullMQ takes, whatever the tag, and keeps the order of tags', () => {
    const tags = [0, 1, 2, 1000, 2 ** 20, 2 ** 21, 2 ** 40, Number.MAX_SAFE_INTEGER];
    const priorities = tags.map(priorityOf);
    for (const priority of priorities) expect(priority).to.be.within(1, 2 ** 21);
    expect(priorities).to.deep.equal([...priorities].sort((a, b) => a - b));
    expect(new Set(priorities.slice(0, 5)).size).to.equal(5);
  });
});
