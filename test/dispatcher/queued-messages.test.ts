import { expect } from 'chai';
import { QueuedMessages } from '../../src/dispatcher/queued-messages.ts';
import { reconcile } from '../../src/dispatcher/reconcile.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { type BuildId, jobIdOf } from '../../src/kernel/model.ts';
import { attemptMessages, retireAttempt } from '../../src/queues/attempts.ts';
import type { JobMessage, ResultMessage } from '../../src/queues/messages.ts';
import { orderCancel } from '../../src/record/intents.ts';
import { currentAttempts } from '../../src/record/open-jobs.ts';
import { pause } from '../../src/system/wait.ts';
import { observed, plannedJob, recordedBuild } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('checking the messages of queued jobs', () => {
  const jobs = 35;
  const page = 10;
  let volt: TestVolt;
  let build: BuildId;
  let messages: QueuedMessages;

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await observed(volt.context.database);
  });
  beforeEach(async () => {
    const { database } = volt.context;
    await volt.emptyRedis();
    await database.db.deleteFrom('builds').execute();
    build = await recordedBuild(database, {
      jobs: Array.from({ length: jobs }, (_, index) => plannedJob(`job${index + 1}`)),
    });
    await routeBuild(volt.context, build);
    messages = new QueuedMessages(volt.context, page);
  });
  after(() => volt.stop());

  const queue = () => volt.context.queues.queue('jobs');
  const waiting = async () => (await queue().getPrioritized()).map(({ data }) => (data as JobMessage).job);
  const lose = (position: number) => queue().remove(`${jobIdOf(build, position)}.1`);
  const look = () => messages.poll(new Set());

  it('finds a missing message page by page, however many jobs are queued before it', async () => {
    const last = (await waiting()).at(-1) as string;
    await queue().remove(`${last}.1`);
    for (let looks = 0; looks < 3; looks++) {
      await look();
      expect(await waiting(), `after ${looks + 1} looks`).to.have.length(jobs - 1);
    }
    await look();
    expect(await waiting()).to.have.length(jobs);
    // and begins anew
    await lose(1);
    await look();
    expect(await waiting()).to.have.length(jobs);
  });

  it('goes on at once after a page with faults, so that an emptied Redis gets everything', async () => {
    await volt.emptyRedis();
    const seen: number[] = [];
    while (await look()) seen.push((await waiting()).length);
    expect(seen).to.deep.equal([10, 20, 30]);
    expect(await waiting()).to.have.length(jobs);
    expect(await look(), 'nothing is amiss').to.equal(false);
  });

  it('allow a build no more than 64 label sets, also while the ends of its refused jobs are not recorded', async () => {
    const { database, queues } = volt.context;
    const planned = Array.from({ length: 70 }, (_, index) => plannedJob(`job${index}`, { labels: [`label-${index}`] }));
    const large = await recordedBuild(database, { sha: 'b'.repeat(40), jobs: planned });
    await routeBuild(volt.context, large);
    const used = async () => (await queues.labelSets()).filter(([label]) => label?.startsWith('label-')).length;
    expect(await used()).to.equal(64);
    // the six refused jobs have no messages and are still queued
    const all = new QueuedMessages(volt.context, 200);
    await all.poll(new Set());
    expect(await used()).to.equal(64);
  });

  it('lets cancels be carried out between two pages', async () => {
    const { database } = volt.context;
    await volt.emptyRedis();
    expect(await reconcile(volt.context, undefined, messages)).to.equal(true);
    const order = { repo: 'app', build, job: jobIdOf(build, 1), reason: 'by_user', message: 'enough' } as const;
    await database.write((db) => orderCancel(db, order));
    expect(await reconcile(volt.context, undefined, messages), 'there is more to send').to.equal(true);
    const results = await volt.context.queues.queue('results').getWaiting();
    expect(results.map(({ data }) => (data as ResultMessage).job)).to.deep.equal([order.job]);
  });

  it('sends nothing that an earlier Redis may have held if Redis is emptied meanwhile', async () => {
    const { access, database } = volt.context;
    await access.client.flushall();
    while (await look());
    const later = await recordedBuild(database);
    while (await look());
    expect(await waiting()).to.deep.equal([jobIdOf(later, 1)]);
  });

  it('corrects a priority that differs from the start tag', async () => {
    await volt.context.queues.changePriorities([{ job: jobIdOf(build, 3), attempt: 1, labels: [], priority: 77 }]);
    expect((await waiting()).at(-1)).to.equal(jobIdOf(build, 3));
    for (let looks = 0; looks < 4; looks++) await look();
    expect((await queue().getJob(`${jobIdOf(build, 3)}.1`))?.priority).to.equal(4);
  });

  it('sends no message for jobs that runners claim', async () => {
    await lose(1);
    await messages.poll(new Set([`${jobIdOf(build, 1)}.1`]));
    expect(await waiting()).to.have.length(jobs - 1);
  });

  it('changes no priority of a message that is gone', async () => {
    await lose(2);
    await volt.context.queues.changePriorities([{ job: jobIdOf(build, 2), attempt: 1, labels: [], priority: 5 }]);
    expect(await waiting()).to.have.length(jobs - 1);
  });

  describe('a queued job whose message a runner has completed', () => {
    const patience = 1000;

    /** The attempt's message, as a runner leaves it that has told an outcome. */
    async function spend(position: number): Promise<void> {
      const { access, queues } = volt.context;
      const id = `${jobIdOf(build, position)}.1`;
      await access.client.set(`volt:bull:jobs:${id}:lock`, 'box~1:1');
      await access.client.lpush('volt:bull:jobs:active', id);
      await access.client.zrem('volt:bull:jobs:prioritized', id);
      await retireAttempt(access, queues, 'jobs', { job: jobIdOf(build, position), attempt: 1 });
    }

    const state = async (position: number) =>
      (await currentAttempts(volt.context.database, [jobIdOf(build, position)])).get(jobIdOf(build, position));

    beforeEach(() => {
      messages = new QueuedMessages(volt.context, undefined, patience);
    });

    it('gets a further attempt once no runner claims it for a while and no outcome is on its way', async () => {
      const { queues, access } = volt.context;
      for (const position of [1, 2, 3]) await spend(position);
      const reported = `${jobIdOf(build, 2)}.1`;
      const decided = { status: 'success', reason: null, message: null } as const;
      await queues.queue('results').add('finished', decided, { jobId: `${jobIdOf(build, 3)}.1.finished` });
      await until('the first job has a further attempt', async () => {
        await messages.poll(new Set([reported]));
        messages.rewind();
        return (await state(1))?.attempt === 2;
      });
      expect(await state(1)).to.include({ status: 'queued' });
      expect(await attemptMessages(access, [{ job: jobIdOf(build, 1), attempt: 2, labels: [] }])).to.have.deep.members([
        { priority: 1, isDone: false },
      ]);
      expect(await state(2), 'a runner claims it').to.include({ status: 'queued', attempt: 1 });
      expect(await state(3), 'its outcome waits to be recorded').to.include({ status: 'queued', attempt: 1 });
    });

    it('gets no further attempt from a dispatcher that could not poll for a while', async () => {
      await spend(1);
      await messages.poll(new Set());
      await pause(1.2 * patience);
      messages.rewind();
      await messages.poll(new Set());
      expect(await state(1)).to.include({ status: 'queued', attempt: 1 });
    });
  });
});
