import type { Job } from 'bullmq';
import { expect } from 'chai';
import { attemptName } from '../../src/kernel/model.ts';
import { hostLabel } from '../../src/kernel/names.ts';
import { serverClock } from '../../src/kernel/server-time.ts';
import type { JobMessage } from '../../src/queues/messages.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { Queues } from '../../src/queues/queues.ts';
import { SlotWorker } from '../../src/queues/slots.ts';
import type { RedisAccess } from '../../src/redis/connect.ts';
import { awake } from '../../src/system/clock.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { jobMessageOf } from '../support/messages.ts';
import { unknownSigner } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';

/** One attempt under way; `end` ends it. */
interface Run {
  name: string;
  end(): void;
}

describe('a slot worker', () => {
  let test: TestAccess;
  let queues: Queues;
  let made = 0;
  const open: { worker: SlotWorker; finish(): void }[] = [];

  before(async () => {
    test = await startAccess();
    queues = new Queues(test.access, test.logger, unknownSigner());
  });

  afterEach(async () => {
    for (const { finish } of open) finish();
    for (const { worker } of open.splice(0)) await worker.close();
    await test.access.client.flushall();
    test.lines.splice(0);
  });

  after(async () => {
    await queues.close();
    await test.stop();
  });

  /** A worker whose attempts go on until they are ended, or end at once with `holding: false`. */
  function work(
    options: {
      slots?: number;
      labels?: string[];
      plans?: string[];
      holding?: boolean;
      over?: boolean;
      ready?: () => boolean;
      access?: RedisAccess;
    } = {},
  ) {
    const runs: Run[] = [];
    const names: string[] = [];
    const refused: string[] = [];
    let holding = options.holding ?? true;
    let under = 0;
    let most = 0;
    const worker = new SlotWorker(options.access ?? test.access, {
      runner: `box${++made}~1`,
      slots: options.slots ?? 1,
      labels: options.labels ?? [],
      ...(options.plans && { plans: options.plans }),
      logger: test.logger,
      isGenuine: () => true,
      ready: options.ready ?? (() => true),
      run: async (message) => {
        names.push(attemptName(message));
        most = Math.max(most, ++under);
        // a moment, in which another could begin
        await new Promise<void>((resolve) => {
          if (holding) runs.push({ name: attemptName(message), end: resolve });
          else setImmediate(resolve);
        });
        under--;
        return options.over ?? true;
      },
      refuse: async (attempt, why) => void refused.push(`${attemptName(attempt)} ${why}`),
    });
    const finish = () => {
      holding = false;
      for (const run of runs) run.end();
    };
    open.push({ worker, finish });
    return { worker, runs, names, refused, finish, most: () => most };
  }

  const send = (...messages: JobMessage[]) => queues.sendJobs(messages.map((message) => ({ message, priority: 1 })));
  const sendPulls = (...messages: JobMessage[]) =>
    queues.sendJobs(messages.map((message) => ({ message, priority: 1, queue: ['plan:pull-request'] })));
  const sendMany = (count: number, labels: string[] = [], build = 1) =>
    send(...Array.from({ length: count }, (_, index) => jobMessageOf(`${build}-${index + 1}`, { labels })));
  const count = async (labels: string[], state: 'active' | 'prioritized' | 'failed') =>
    (await queues.queue(jobQueue(labels)).getJobCounts(state))[state] ?? 0;
  const left = async () => {
    const sets = await queues.labelSets();
    const under = (set: string[]) => queues.queue(jobQueue(set)).getJobCountByTypes('active', 'prioritized');
    const counts = await Promise.all(sets.map(under));
    return counts.reduce((sum, each) => sum + each, 0);
  };

  it('holds as many messages as it has slots, over all its queues, and leaves the rest to others', async () => {
    for (const labels of [[], ['a'], ['a', 'b']]) await sendMany(5, labels, labels.length + 1);
    const { runs, finish, most, worker } = work({ slots: 2, labels: ['a', 'b'] });
    for (let ended = 0; ended < 6; ended++) {
      await until('both slots are taken', () => runs.length === ended + 2);
      const active = (await Promise.all([[], ['a'], ['a', 'b']].map((labels) => count(labels, 'active')))).reduce(
        (a, b) => a + b,
      );
      expect(active).to.be.at.most(2);
      expect(worker.free).to.equal(0);
      runs[ended]?.end();
    }
    finish();
    await until('all is done', async () => (await left()) === 0);
    expect(most()).to.equal(2);
  });

  it('takes jobs of pull requests when no other is there, unless it does not isolate', async () => {
    await sendPulls(jobMessageOf('1-1'), jobMessageOf('1-2'));
    const bare = work({ plans: ['project'], holding: false });
    await send(jobMessageOf('2-1'), jobMessageOf('2-2'));
    await sendMany(2, ['a'], 3);
    await until('the jobs of branches are done', async () => (await count([], 'prioritized')) === 0);
    await bare.worker.close();
    await send(jobMessageOf('2-3'), jobMessageOf('2-4'));
    const { names } = work({ labels: ['a'], holding: false });
    await until('all is done', async () => (await left()) === 0);
    expect(bare.names).to.have.members(['2-1.1', '2-2.1']);
    expect(names.slice(0, 4)).to.have.members(['2-3.1', '2-4.1', '3-1.1', '3-2.1']);
    expect(names.slice(4)).to.deep.equal(['1-1.1', '1-2.1']);
  });

  it('does not let a job of a pull request wait for ever, however many others come', async () => {
    await sendPulls(jobMessageOf('1-1'));
    await sendMany(1100, [], 2);
    const { names } = work({ holding: false });
    await until('all is done', async () => (await left()) === 0);
    expect(names).to.have.lengthOf(1101);
    expect(names.indexOf('1-1.1')).to.be.within(1000, 1002);
  });

  it('keeps only the id of a completed message', async () => {
    await sendMany(1);
    work({ holding: false });
    const done = () => queues.queue('jobs').getJobs(['completed']);
    await until('it is done', async () => (await done()).length === 1);
    await until('what it said is gone', async () => (await done())[0]?.data.plan === undefined);
    expect((await done()).map(({ id, data }) => [id, data])).to.deep.equal([['1-1.1', {}]]);
    await sendMany(1);
    expect(await count([], 'prioritized'), 'it is not sent again').to.equal(0);
  });

  it('takes the first message of a new queue at once, even if the queue is announced before its wait has started', async () => {
    await queues.announceLabels([]);
    let waits = 0;
    let begin = () => {};
    const held = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const access: RedisAccess = {
      ...test.access,
      open: (name) => {
        const connection = test.access.open(name);
        const wait = connection.bzpopmin.bind(connection) as (...args: unknown[]) => Promise<[string, string, string]>;
        connection.bzpopmin = (async (...args: unknown[]) => {
          if (++waits === 1) await held;
          return wait(...args);
        }) as typeof connection.bzpopmin;
        return connection;
      },
    };
    const { names, worker } = work({ labels: ['a'], holding: false, access });
    await until('it is about to wait', () => waits === 1);
    await sendMany(1, ['a']);
    worker.refreshQueues();
    // on the connection by which it is told to end its wait
    await test.access.client.ping();
    begin();
    await until('the message is taken', () => names.length === 1, 3000);
  });

  it('logs a repeated error of Redis once, as a warning', async () => {
    const { client, keys } = test.access;
    await queues.announceLabels([]);
    // what BullMQ has a list for
    await client.set(`${keys.bull}:jobs:wait`, 'something else');
    const { worker, names } = work({ holding: false });
    const said = () => test.lines.filter((line) => line.includes('taking jobs failed'));
    await until('it has tried again', () => said().length > 2);
    expect(said().filter((line) => / warn .*WRONGTYPE/.test(line))).to.have.length(1);
    await client.del(`${keys.bull}:jobs:wait`);
    await sendMany(1);
    worker.refreshQueues();
    await until('it works again', () => names.length === 1);
  });

  it('shares the messages with other workers, each going to exactly one', async () => {
    for (const [index, labels] of [[], ['a'], ['b']].entries()) await sendMany(40, labels, index + 1);
    const all = [
      work({ slots: 2, labels: ['a', 'b'], holding: false }),
      work({ slots: 3, labels: ['a', 'b'], holding: false }),
      work({ labels: ['a'], holding: false }),
    ];
    await until('all is done', async () => (await left()) === 0);
    const names = all.flatMap((worker) => worker.names);
    expect(names).to.have.length(120);
    expect(new Set(names).size).to.equal(120);
    for (const [index, slots] of [2, 3, 1].entries()) expect(all[index]?.most()).to.be.at.most(slots);
  });

  it('serves the queues whose labels it all has, and no other', async () => {
    const host = hostLabel('box');
    for (const [index, labels] of [[], ['a'], ['a', 'b'], [host], ['c']].entries())
      await sendMany(1, labels, index + 1);
    const { names } = work({ labels: ['a', host, 'x'], slots: 9 });
    await until('three are taken', () => names.length === 3);
    expect(names).to.have.members(['1-1.1', '2-1.1', '4-1.1']);
    expect(await count(['a', 'b'], 'prioritized')).to.equal(1);
  });

  it('takes turns among its queues, and takes the lowest priority of each first', async () => {
    const priorities: { [label: string]: number[] } = { a: [3, 5, 1, 4, 2, 6], b: [900, 800, 700] };
    const entries = Object.entries(priorities).flatMap(([label, of], index) =>
      of.map((priority) => ({ message: jobMessageOf(`${index + 1}-${priority}`, { labels: [label] }), priority })),
    );
    await queues.sendJobs(entries);
    const { names } = work({ labels: ['a', 'b', 'c'], holding: false });
    await until('all are taken', () => names.length === 9);
    const from = (build: string) => names.filter((name) => name.startsWith(`${build}-`));
    expect(from('1')).to.deep.equal([1, 2, 3, 4, 5, 6].map((priority) => `1-${priority}.1`));
    expect(from('2')).to.deep.equal([700, 800, 900].map((priority) => `2-${priority}.1`));
    expect(names.slice(0, 6).filter((name) => name.startsWith('2-'))).to.have.length(3);
  });

  it('takes a message that a person has sent back by hand, without a priority, first from its queue', async () => {
    await send(jobMessageOf('1-1', { labels: ['b'] }), jobMessageOf('1-2', { labels: ['b'] }));
    const again = await queues.queue(jobQueue(['b'])).getJob('1-2.1');
    await again?.changePriority({ priority: 0 });
    const { names } = work({ labels: ['a', 'b'], holding: false });
    await until('both are taken', () => names.length === 2);
    expect(names).to.deep.equal(['1-2.1', '1-1.1']);
  });

  it('takes a message that arrives while it waits', async () => {
    await send(jobMessageOf('1-1', { labels: ['a'] }));
    const { names, finish } = work({ labels: ['a', 'b'], slots: 2 });
    await until('the first', () => names.length === 1);
    finish();
    await until('it waits', isBlocked);
    await send(jobMessageOf('1-2', { labels: ['a'] }));
    await until('the second', () => names.length === 2, 2500);
  });

  it('serves a queue that is announced while it waits for others', async () => {
    await send(jobMessageOf('1-1', { labels: ['a'] }));
    const { names, finish, worker } = work({ labels: ['a', 'b'] });
    await until('the first', () => names.length === 1);
    finish();
    await until('it waits', isBlocked);
    await send(jobMessageOf('1-2', { labels: ['b'] }));
    worker.refreshQueues();
    await until('the one of the new queue', () => names.length === 2, 2500);
  });

  it('serves the very first queue when it is announced', async () => {
    const { names, worker } = work();
    await until('it is connected', async () => (await clients()).length > 0);
    await send(jobMessageOf('1-1'));
    worker.refreshQueues();
    await until('the first', () => names.length === 1);
  });

  it('takes the lowest priority first, and of equal ones the message that was sent first', async () => {
    const { names, runs, worker } = work();
    await send(jobMessageOf('9-9'));
    worker.refreshQueues();
    await until('its slot is taken', () => runs.length === 1);
    const priorities: [string, number][] = [
      ['1-1', 7],
      ['1-2', 2_097_151],
      ['1-3', 1],
      ['1-4', 7],
      ['1-5', 3],
    ];
    for (const [job, priority] of priorities) await queues.sendJobs([{ message: jobMessageOf(job), priority }]);
    for (let ended = 0; ended < 5; ended++) {
      runs[ended]?.end();
      await until('the next', () => runs.length === ended + 2);
    }
    expect(names).to.deep.equal(['9-9.1', '1-3.1', '1-5.1', '1-1.1', '1-4.1', '1-2.1']);
  });

  it('gives each of its queues a turn', async () => {
    await sendMany(20, ['a'], 1);
    await sendMany(1, ['b'], 2);
    const { names, runs } = work({ labels: ['a', 'b'] });
    for (let ended = 0; ended < 3; ended++) {
      await until('a run', () => runs.length === ended + 1);
      runs[ended]?.end();
    }
    expect(names.slice(0, 3)).to.include('2-1.1');
  });

  it('takes nothing while it is not ready, and starts when it is', async () => {
    let ready = false;
    await sendMany(2);
    const { names, worker, finish } = work({ slots: 2, ready: () => ready });
    await until('it is connected', async () => (await clients()).length > 0);
    worker.refreshQueues();
    expect(await count([], 'active')).to.equal(0);
    ready = true;
    worker.refreshQueues();
    await until('both are taken', () => names.length === 2);
    finish();
  });

  it('takes no more messages after it was told to stop fetching, and goes on with running attempts', async () => {
    await sendMany(1);
    const { names, runs, worker } = work({ slots: 2 });
    await until('the first', () => runs.length === 1);
    await until('it waits for another', isBlocked);
    await worker.stopFetching();
    await send(jobMessageOf('2-1'));
    worker.refreshQueues();
    expect(await count([], 'prioritized')).to.equal(1);
    runs[0]?.end();
    await worker.close();
    expect(names).to.deep.equal(['1-1.1']);
    expect(await count([], 'prioritized'), 'it is left for others').to.equal(1);
    expect(await count([], 'active')).to.equal(0);
  });

  it('is closed when its running attempts have ended', async () => {
    await sendMany(1);
    const { runs, worker } = work();
    await until('it is under way', () => runs.length === 1);
    let ended = false;
    const closed = worker.close().then(() => expect(ended).to.equal(true));
    ended = true;
    runs[0]?.end();
    await closed;
    expect(await left()).to.equal(0);
  });

  it('never delivers the message of a worker that died a second time', async () => {
    await sendMany(1);
    const dead = work();
    await until('it is taken', () => dead.names.length === 1);
    // as after a death, once the lock has run out
    expect(await test.access.client.del('volt:bull:jobs:1-1.1:lock')).to.equal(1);
    const living = work({ slots: 2, holding: false });
    await sendMany(20, [], 2);
    await until('others are handled', () => living.names.length === 20);
    await until('it waits for more', isBlocked);
    expect(living.names).to.not.include('1-1.1');
    const [active] = (await queues.queue('jobs').getActive()) as [Job];
    expect(active.id).to.equal('1-1.1');
    dead.finish();
    await dead.worker.close();
    expect(dead.names).to.deep.equal(['1-1.1']);
  });

  it('goes on after Redis was away, and completes messages of attempts that ended meanwhile', async () => {
    await sendMany(1);
    const { names, runs } = work({ slots: 2 });
    await until('it is under way', () => runs.length === 1);
    await test.redis.kill();
    runs[0]?.end();
    await test.redis.start();
    await until('its message is gone', async () => (await left()) === 0);
    await send(jobMessageOf('1-2'));
    await until('the next one is taken', () => names.length === 2);
  });

  it('keeps messages that others have completed, even if the clock of its machine is days ahead', async () => {
    const real = Date.now;
    const state = (message: JobMessage) => queues.queue(jobQueue([])).getJobState(attemptName(message));
    const [first, second] = [jobMessageOf('1-1'), jobMessageOf('2-1')];
    work({ holding: false });
    await queues.sendJobs([{ message: first, priority: 1 }]);
    await until('the first is over', async () => (await state(first)) === 'completed');
    serverClock.hear(real(), awake(), awake());
    Date.now = () => real() + 2 * 86_400_000;
    try {
      await queues.sendJobs([{ message: second, priority: 1 }]);
      await until('the second is over', async () => (await state(second)) === 'completed');
    } finally {
      Date.now = real;
    }
    expect(await state(first)).to.equal('completed');
  });

  it('makes a message that cannot be understood a dead letter, and goes on', async () => {
    const { names, refused, finish, worker } = work();
    const strange = { ...jobMessageOf('1-1'), v: 2 };
    await queues.announceLabels([]);
    // as a dispatcher of another version would send it
    await queues
      .queue('jobs')
      .add('x', strange, { jobId: '1-1.1', removeOnComplete: true, removeOnFail: true, attempts: 1, priority: 1 });
    await send(jobMessageOf('1-2'));
    worker.refreshQueues();
    await until('the good one', () => names.length === 1);
    finish();
    expect(names).to.deep.equal(['1-2.1']);
    await until('the other one is a dead letter', async () => (await count([], 'failed')) === 1);
    const [aside] = (await queues.queue('jobs').getFailed()) as [Job];
    expect(aside.data).to.deep.equal(strange);
    expect(aside.failedReason).to.match(/^not understood: /);
    expect(test.lines.find((line) => line.includes('dead letters'))).to.match(/of "jobs".* id=1-1\.1 .*issue=.*v: /);
    expect(refused).to.have.length(1);
    expect(refused[0]).to.match(/^1-1\.1 v: /);
  });

  it('leaves the message of an unfinished attempt for the dispatcher to take back', async () => {
    await sendMany(1);
    const { names, finish, worker } = work({ over: false });
    await until('it is taken', () => names.length === 1);
    finish();
    await until('its slot is free', () => worker.free === 1);
    expect(await count([], 'active')).to.equal(1);
    await worker.close();
    expect(await count([], 'active')).to.equal(1);
  });

  it('keeps a completed message for a while, so that the same attempt is not sent again', async () => {
    await sendMany(1);
    const { names, finish, worker } = work();
    await until('it is taken', () => names.length === 1);
    finish();
    await until('it is done', async () => (await left()) === 0);
    await sendMany(1);
    expect(await left()).to.equal(0);
    await worker.close();
    expect(names).to.deep.equal(['1-1.1']);
  });

  async function clients(): Promise<string[]> {
    const list = String(await test.access.client.client('LIST'));
    return list.split('\n').filter((line) => line.includes('name=runner:'));
  }

  /** Whether a worker waits for a message, in Redis. */
  async function isBlocked(): Promise<boolean> {
    return (await clients()).some((line) => line.includes('cmd=bzpopmin') && line.includes('flags=b'));
  }
});
