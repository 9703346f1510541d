import { expect } from 'chai';
import { type BuildId, type JobId, newStep } from '../../src/kernel/model.ts';
import { Problems } from '../../src/kernel/problems.ts';
import { consume } from '../../src/queues/consumer.ts';
import { advanceMessage, type CommitMessage, type JobMessage, observeMessage } from '../../src/queues/messages.ts';
import { Queues } from '../../src/queues/queues.ts';
import { listen, newQueueSchema } from '../../src/redis/channels.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { failure } from '../support/failure.ts';
import { jobMessageOf } from '../support/messages.ts';
import { unknownSigner } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';

const commit: CommitMessage = {
  v: 1,
  repo: 'app',
  ref: 'refs/heads/main',
  sha: 'a'.repeat(40),
  subject: 'a subject: with a colon',
  author: 'Ada',
  committedAt: '2026-01-02T03:04:05.000Z',
  trigger: 'commit',
  cursor: { generation: 0, before: null },
  passedOver: 0,
  more: false,
};

describe('queues', () => {
  let test: TestAccess;
  let queues: Queues;

  before(async () => {
    test = await startAccess();
  });

  beforeEach(async () => {
    await test.access.client.flushall();
    queues = new Queues(test.access, test.logger, unknownSigner());
  });

  afterEach(() => queues.close());

  after(() => test.stop());

  it('hold a commit once, however often it is sent', async () => {
    await queues.sendCommits([commit]);
    await queues.sendCommits([commit, { ...commit, sha: 'b'.repeat(40) }]);
    const waiting = await queues.queue('commits').getWaiting();
    expect(waiting.map(({ data }) => (data as CommitMessage).sha)).to.have.members(['a'.repeat(40), 'b'.repeat(40)]);
    expect(waiting[0]?.data).to.deep.equal(commit);
  });

  it('hold an attempt once, in the queue of its labels', async () => {
    const messages = [
      jobMessageOf('1-1'),
      jobMessageOf('1-2', { labels: ['gpu'] }),
      jobMessageOf('1-1', { attempt: 2 }),
    ];
    for (let round = 0; round < 2; round++)
      await queues.sendJobs(messages.map((message) => ({ message, priority: 1 })));
    expect((await queues.queue('jobs').getPrioritized()).map(({ id }) => id)).to.deep.equal(['1-1.1', '1-1.2']);
    expect((await queues.queue('jobs.gpu').getPrioritized()).map(({ id }) => id)).to.deep.equal(['1-2.1']);
  });

  it('hold each outcome once, and every revision of the steps', async () => {
    const common = { v: 1, job: '1-1' as JobId, attempt: 1, runner: { id: 'a~1', name: 'a', host: 'a' } } as const;
    const at = new Date().toISOString();
    for (let round = 1; round <= 2; round++) {
      await queues.sendResult({ ...common, kind: 'started', at });
      await queues.sendResult({ ...common, kind: 'steps', revision: round, steps: [] });
    }
    expect(await queues.queue('results').getWaitingCount()).to.equal(3);
  });

  it('know whether an outcome was sent', async () => {
    const ref = { job: '1-1' as JobId, attempt: 1 };
    const at = new Date().toISOString();
    const told = { reason: null, message: null, exitCode: 0, logBytes: 0, startedAt: at, finishedAt: at };
    expect(await queues.holdsOutcome(ref)).to.equal(false);
    const runner = { id: 'a~1', name: 'a', host: 'a' };
    await queues.sendResult({ v: 1, ...ref, runner, kind: 'started', at });
    expect(await queues.holdsOutcome(ref)).to.equal(false);
    await queues.sendResult({ v: 1, ...ref, runner, kind: 'finished', status: 'success', steps: [], ...told });
    expect(await queues.holdsOutcome(ref)).to.equal(true);
    const next = { ...ref, attempt: 2 };
    expect(await queues.holdsOutcome(next)).to.equal(false);
    await queues.sendResult({ v: 1, ...next, runner, kind: 'returned', message: 'stopping', at });
    expect(await queues.holdsOutcome(next), 'it was given back').to.equal(true);
  });

  it('make one poll of several requests, and another one of requests during that poll', async () => {
    const ask = () => queues.sendObserve(null, { v: 1, repo: 'app', cause: 'watch' });
    for (let count = 0; count < 5; count++) await ask();
    const looks: (() => void)[] = [];
    const consumer = consume(test.access, {
      queue: 'observe',
      schema: observeMessage,
      concurrency: 4,
      logger: test.logger,
      problems: new Problems(test.logger),
      handle: () => new Promise<void>((resolve) => looks.push(resolve)),
    });
    await until('the look has begun', () => looks.length === 1);
    for (let count = 0; count < 5; count++) await ask();
    expect(looks).to.have.length(1);
    looks[0]?.();
    await until('the look for what came meanwhile', () => looks.length === 2);
    looks[1]?.();
    await until('nothing is left', async () => {
      const counts = await queues.queue('observe').getJobCounts('waiting', 'active', 'delayed');
      return Object.values(counts).every((count) => count === 0);
    });
    expect(looks).to.have.length(2);
    await ask();
    await until('a request after that', () => looks.length === 3);
    looks[2]?.();
    await consumer.close();
  });

  it('schedule the polls of a repository once, start at once, and remove the schedule', async () => {
    for (const seconds of [3600, 3600, 7200]) await queues.scheduleObserve(null, 'app', seconds);
    const queue = queues.queue('observe');
    const schedules = await queue.getJobSchedulers();
    expect(schedules.map(({ key, every }) => [key, Number(every)])).to.deep.equal([['app', 7_200_000]]);
    const looked: string[] = [];
    const handle = async ({ repo }: { repo: string }) => void looked.push(repo);
    const consumer = consume(test.access, {
      queue: 'observe',
      schema: observeMessage,
      concurrency: 1,
      logger: test.logger,
      problems: new Problems(test.logger),
      handle,
    });
    await until('the first look', () => looked.length > 0);
    await queues.unscheduleObserve(null, 'app');
    expect(await queue.getJobSchedulers()).to.deep.equal([]);
    await consumer.close();
    expect(looked).to.deep.equal(['app']);
  });

  it('announce a new label set to runners, and list every set', async () => {
    const heard: string[][] = [];
    const stop = await listen(test.access, test.access.keys.newQueue, newQueueSchema, test.logger, (labels) =>
      heard.push(labels),
    );
    for (const id of ['1-1', '1-2'])
      await queues.sendJobs([{ message: jobMessageOf(id, { labels: ['a', 'b'] }), priority: 1 }]);
    await queues.sendJobs([{ message: jobMessageOf('1-3'), priority: 1 }]);
    await until('both sets are told', () => heard.length >= 2);
    expect(heard).to.deep.equal([['a', 'b'], []]);
    expect(await queues.labelSets()).to.have.deep.members([[], ['a', 'b']]);
    expect(await queues.names()).to.include.members(['observe', 'commits', 'advance', 'results', 'jobs', 'jobs.a+b']);
    await stop();
  });

  it('refuse to send a message that does not fit its schema', async () => {
    await failure('internal', () => queues.sendAdvance({ v: 1, build: '../1' as BuildId }));
    await failure('internal', () =>
      queues.sendJobs([{ message: { ...jobMessageOf('1-1'), sha: 'HEAD' }, priority: 1 }]),
    );
    expect(await queues.queue('jobs').count()).to.equal(0);
  });

  it('refuse a message of more than a megabyte', async () => {
    const steps = Array.from(
      { length: 200 },
      (_, index) =>
        ({
          ...newStep(`${index}${'x'.repeat(9_000)}`),
          status: 'success',
          exitCode: 0,
        }) as const,
    );
    const message = {
      v: 1,
      kind: 'steps',
      job: '1-1' as JobId,
      attempt: 1,
      runner: { id: 'a~1', name: 'a', host: 'a' },
      revision: 1,
      steps,
    } as const;
    const outcome = await queues.sendResult(message).catch((error: Error) => error);
    expect(outcome).to.be.an('error');
    expect(await queues.queue('results').count()).to.equal(0);
  });

  it('remove unknown fields from a message before it is sent', async () => {
    const message = { ...jobMessageOf('1-1'), password: 'secret' } as JobMessage;
    await queues.sendJobs([{ message, priority: 1 }]);
    const [sent] = await queues.queue('jobs').getPrioritized();
    expect(JSON.stringify(sent?.data)).to.not.include('secret');
  });

  it('free the id of a handled message, so that it can be sent again', async () => {
    const handled: string[] = [];
    const handle = async ({ build }: { build: string }) => void handled.push(build);
    const consumer = consume(test.access, {
      queue: 'advance',
      schema: advanceMessage,
      concurrency: 1,
      logger: test.logger,
      problems: new Problems(test.logger),
      handle,
    });
    for (let count = 1; count <= 3; count++) {
      await queues.sendAdvance({ v: 1, build: '7' as BuildId });
      await until(`round ${count}`, () => handled.length === count);
    }
    await until('nothing is left of them', async () => (await queues.queue('advance').getJobCountByTypes()) === 0);
    await consumer.close();
  });
});
