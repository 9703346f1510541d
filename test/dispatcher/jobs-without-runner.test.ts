import { expect } from 'chai';
import { JobsWithoutRunner } from '../../src/dispatcher/jobs-without-runner.ts';
import { reconcile } from '../../src/dispatcher/reconcile.ts';
import { plansOf } from '../../src/kernel/later-plans.ts';
import type { Logger } from '../../src/kernel/logger.ts';
import type { JobId } from '../../src/kernel/model.ts';
import type { ResultMessage } from '../../src/queues/messages.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { type MessageSigner, Queues } from '../../src/queues/queues.ts';
import { SlotWorker } from '../../src/queues/slots.ts';
import type { RedisAccess } from '../../src/redis/connect.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { runnerMember } from '../support/members.ts';
import { jobMessageOf } from '../support/messages.ts';
import { observed, plannedJob, pullRequest7, recordedBuild } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a job with labels that no runner has', () => {
  it('ends in an error once no runner has had them for VOLT_RUNNER_WAIT minutes', async () => {
    const volt = await TestVolt.start({ runnerWait: 2 });
    try {
      volt.context.logger.silent = true;
      await observed(volt.context.database);
      const build = await recordedBuild(volt.context.database, {
        jobs: [plannedJob('gpu', { labels: ['gpu'] }), plannedJob('plain', { labels: ['linux'] })],
      });
      await recordedBuild(volt.context.database, {
        // many of those that are served, which is how it is on a busy day
        jobs: Array.from({ length: 30 }, (_, index) => plannedJob(`job${index}`, { labels: ['linux'] })),
      });
      await reconcile(volt.context);
      await writeHeartbeat(volt.context.access, 'runner', runnerMember('box~1', { labels: ['linux'] }));
      const watch = new JobsWithoutRunner(volt.context);
      const results = async () =>
        (await volt.context.queues.queue('results').getWaiting()).map(({ data }) => data as ResultMessage);
      await watch.poll(0);
      await watch.poll(119_000);
      expect(await results()).to.deep.equal([]);
      await watch.poll(121_000);
      expect(await results()).to.have.length(1);
      expect((await results())[0]).to.include({
        ...{ kind: 'decided', job: `${build}-1`, attempt: 1, status: 'error', reason: 'no_runner' },
        message: 'no runner with gpu was there for 2 min',
      });
      expect(await volt.context.queues.queue(jobQueue(['gpu'])).getPrioritized()).to.deep.equal([]);
      expect(await volt.context.queues.queue(jobQueue(['linux'])).getPrioritized()).to.have.length(31);
    } finally {
      await volt.stop();
    }
  });

  it('ends with a reason of its own where it is of a pull request and no runner isolates', async () => {
    const volt = await TestVolt.start({ runnerWait: 2 });
    try {
      const { access, database, queues } = volt.context;
      await observed(database);
      await writeHeartbeat(access, 'runner', runnerMember('bare~1', { labels: ['linux'], plans: plansOf(false) }));
      const jobs = [plannedJob('test', { labels: ['linux'] })];
      await recordedBuild(database, { jobs, pullRequest: pullRequest7 });
      await reconcile(volt.context);
      const watch = new JobsWithoutRunner(volt.context);
      for (const now of [0, 121_000]) await watch.poll(now);
      expect((await queues.queue('results').getWaiting()).map(({ data }) => data)[0]).to.include({
        ...{ kind: 'decided', status: 'error', reason: 'isolation_missing' },
        message: 'no runner with linux and the isolation that pull requests need was there for 2 min',
      });
    } finally {
      await volt.stop();
    }
  });

  it('leaves a queue that Volt forgets after it was empty for a while', async () => {
    const volt = await TestVolt.start();
    try {
      const { queues } = volt.context;
      await queues.sendJobs([{ message: jobMessageOf('1-1', { labels: ['once'] }), priority: 1 }]);
      await queues.sendJobs([{ message: jobMessageOf('1-2', { labels: ['waits'] }), priority: 1 }]);
      await queues.queue('jobs.once').remove('1-1.1');
      const watch = new JobsWithoutRunner(volt.context);
      await watch.poll(0);
      await watch.poll(599_000);
      expect(await queues.labelSets()).to.deep.equal([['once'], ['waits']]);
      await watch.poll(601_000);
      expect(await queues.labelSets()).to.deep.equal([['waits']]);
      expect(await volt.context.access.client.keys('volt:bull:jobs.once:*')).to.deep.equal([]);
      await queues.sendJobs([{ message: jobMessageOf('1-3', { labels: ['once'] }), priority: 1 }]);
      expect(await queues.labelSets()).to.deep.equal([['once'], ['waits']]);
    } finally {
      await volt.stop();
    }
  });

  it('does not end if its queue only avoids some runner', async () => {
    const volt = await TestVolt.start({ runnerWait: 2 });
    try {
      const { queues, access } = volt.context;
      const queue = ['linux', 'not:sick'];
      await writeHeartbeat(access, 'runner', runnerMember('well~1', { labels: ['linux'] }));
      await queues.sendJobs([{ message: jobMessageOf('1-1', { labels: ['linux'] }), priority: 1, queue }]);
      await queues.sendJobs([{ message: jobMessageOf('1-2', { labels: ['linux'] }), priority: 1 }]);
      const watch = new JobsWithoutRunner(volt.context);
      for (const now of [0, 601_000, 900_000]) await watch.poll(now);
      expect(await queues.queue(jobQueue(queue)).getPrioritizedCount()).to.equal(1);
      await queues.queue(jobQueue(queue)).remove('1-1.1');
      for (const now of [1_000_000, 1_601_000]) await watch.poll(now);
      expect(await queues.labelSets()).to.deep.equal([['linux']]);
    } finally {
      await volt.stop();
    }
  });

  it('does not end if a runner completes it first', async () => {
    const volt = await TestVolt.start({ runnerWait: 2 });
    const { access, logger, database } = volt.context;
    const done: JobId[] = [];
    const queues = new MetByRunner(access, logger, database, async () => {
      const worker = new SlotWorker(access, {
        ...{ runner: 'gpu~1', slots: 1, labels: ['gpu'], logger, ready: () => true, isGenuine: () => true },
        run: async ({ job }) => done.push(job) > 0,
        refuse: async () => undefined,
      });
      await until('it is done with all', () => done.length === 2);
      await worker.close();
    });
    try {
      await observed(database);
      const jobs = ['one', 'two', 'three'].map((name) => plannedJob(name, { labels: ['gpu'] }));
      await recordedBuild(database, { jobs });
      await reconcile(volt.context);
      const watch = new JobsWithoutRunner({ ...volt.context, queues });
      await watch.poll(0);
      await watch.poll(121_000);
      const ended = (await queues.queue('results').getWaiting()).map(({ data }) => (data as ResultMessage).job);
      expect(ended).to.have.length(1);
      expect(done).to.not.include(ended[0]);
    } finally {
      await queues.close();
      await volt.stop();
    }
  });
});

/** Queues to which a runner comes when the first job has been ended. */
class MetByRunner extends Queues {
  readonly #come: () => Promise<void>;

  constructor(access: RedisAccess, logger: Logger, voice: MessageSigner, come: () => Promise<void>) {
    super(access, logger, voice);
    this.#come = come;
  }

  override async sendResult(message: ResultMessage): Promise<void> {
    await super.sendResult(message);
    await this.#come();
  }
}
