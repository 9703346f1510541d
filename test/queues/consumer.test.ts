import type { Job } from 'bullmq';
import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import type { BuildId } from '../../src/kernel/model.ts';
import { Problems } from '../../src/kernel/problems.ts';
import { consume, Later } from '../../src/queues/consumer.ts';
import { advanceMessage, type ResultMessage, resultMessage } from '../../src/queues/messages.ts';
import { Queues } from '../../src/queues/queues.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { startChild } from '../support/child.ts';
import { unknownSigner } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';

/** Takes one message of `advance`, says so, and never comes to an end with it. */
const stuck = `
  import { createLogger } from './src/kernel/logger.ts';
  import { Problems } from './src/kernel/problems.ts';
  import { consume } from './src/queues/consumer.ts';
  import { advanceMessage } from './src/queues/messages.ts';
  import { connectRedis } from './src/redis/connect.ts';
  const logger = createLogger('error');
  const access = await connectRedis({ redisPrefix: 'volt' }, process.argv.at(-1), logger);
  const problems = new Problems(logger);
  const handle = (message) => { console.log(message.build); return new Promise(() => {}); };
  consume(access, { queue: 'advance', schema: advanceMessage, concurrency: 1, logger, problems, handle });
`;

describe('a consumer', () => {
  let test: TestAccess;
  let queues: Queues;
  const open: { close(): Promise<void> }[] = [];

  before(async () => {
    test = await startAccess();
    queues = new Queues(test.access, test.logger, unknownSigner());
  });

  afterEach(async () => {
    for (const consumer of open.splice(0)) await consumer.close();
    await test.access.client.flushall();
  });

  after(async () => {
    await queues.close();
    await test.stop();
  });

  /** Consumes `advance`, and keeps the builds that it was given. */
  function consumeAdvance(
    handle: (build: string, count: number) => void | Promise<void> = () => {},
    concurrency = 1,
  ): string[] {
    const given: string[] = [];
    const consumer = consume(test.access, {
      queue: 'advance',
      schema: advanceMessage,
      concurrency,
      logger: test.logger,
      problems: new Problems(test.logger),
      handle: async ({ build }) => {
        given.push(build);
        await handle(build, given.length);
      },
    });
    open.push(consumer);
    return given;
  }

  const send = (build: number) => queues.sendAdvance({ v: 1, build: String(build) as BuildId });
  const failed = () => queues.queue('advance').getFailed();
  const empty = async () => (await queues.queue('advance').getJobCountByTypes()) === 0;

  it('reports a repeated error of Redis until messages are taken again', async () => {
    const { client, keys } = test.access;
    const problems = new Problems(test.logger);
    // what BullMQ has a list for
    await client.set(`${keys.bull}:advance:wait`, 'something else');
    const given: string[] = [];
    open.push(
      consume(test.access, {
        queue: 'advance',
        schema: advanceMessage,
        concurrency: 1,
        logger: test.logger,
        problems,
        handle: async ({ build }) => void given.push(build),
      }),
    );
    await until('it is told', () => problems.list().length > 0);
    expect(problems.list()[0]?.message).to.match(/^taking messages from "advance" failed and is retried: WRONGTYPE/);
    await client.del(`${keys.bull}:advance:wait`);
    await queues.sendAdvance({ v: 1, build: '7' as BuildId });
    await until('it is taken', () => given.length > 0);
    expect(problems.list()).to.deep.equal([]);
  });

  it('handles each message once, in the order of sending', async () => {
    const given = consumeAdvance();
    for (const build of [1, 2, 3]) await send(build);
    await until('nothing is left', empty);
    expect(given).to.deep.equal(['1', '2', '3']);
  });

  it('handles at most the configured number of messages at a time', async () => {
    const running: (() => void)[] = [];
    consumeAdvance(() => new Promise<void>((resolve) => running.push(resolve)), 3);
    for (const build of [1, 2, 3, 4, 5]) await send(build);
    await until('three are under way', () => running.length === 3);
    expect(await queues.queue('advance').getJobCounts('active', 'waiting')).to.deep.equal({ active: 3, waiting: 2 });
    running[0]?.();
    await until('the next one', () => running.length === 4);
    for (const end of running) end();
    await until('the last one', () => running.length === 5);
    running[4]?.();
    await until('nothing is left', empty);
  });

  const strange: [string, object][] = [
    ['is malformed', { v: 1, build: '../../etc' }],
    ['is of a version that is not known', { v: 2, build: '7', more: 'of the future' }],
    ['has no version', { build: '7' }],
    ['is empty', {}],
  ];
  for (const [what, data] of strange) {
    it(`makes a message that ${what} a dead letter, and goes on`, async () => {
      const given = consumeAdvance();
      // as the sending side of another version would send it
      await queues.queue('advance').add('7', data, { attempts: 1000, removeOnComplete: true, removeOnFail: false });
      await send(8);
      await until('the next one is handled', () => given.length > 0);
      const [aside] = (await until('it is set aside', async () => (await failed()).length > 0 && failed())) as [Job];
      expect(aside.data).to.deep.equal(data);
      expect(aside.failedReason).to.match(/^not understood: /);
      expect(given, 'the handler saw it').to.deep.equal(['8']);
      expect(aside.attemptsMade).to.equal(1);
    });
  }

  it('makes a message whose content is no JSON a dead letter that can be read', async () => {
    const given = consumeAdvance();
    await send(6);
    await until('the queue is in use', () => given.length > 0);
    const { client } = test.access;
    await client.hset('volt:bull:advance:strange', { name: 'x', data: 'no JSON', opts: '{}', timestamp: '1' });
    await client.lpush('volt:bull:advance:wait', 'strange');
    await client.zadd('volt:bull:advance:marker', 0, '0');
    await send(8);
    await until('the next one is handled', () => given.includes('8'));
    const [aside] = (await until('it is set aside', async () => (await failed()).length > 0 && failed())) as [Job];
    expect(aside.id).to.equal('strange');
    expect(aside.data).to.deep.equal({ unreadable: 'no JSON' });
    expect(given).to.deep.equal(['6', '8']);
  });

  it('counts the deliveries of a message over all consumers', async () => {
    const counts: number[] = [];
    for (const name of ['one', 'two']) {
      const consumer = consume(test.access, {
        queue: 'advance',
        schema: advanceMessage,
        concurrency: 1,
        logger: test.logger,
        problems: new Problems(test.logger),
        handle: async (_message, { count }) => {
          counts.push(count);
          if (count < 6) throw new Later(1, `${name} cannot yet`);
        },
      });
      open.push(consumer);
    }
    await send(7);
    await until('nothing is left', empty);
    expect(counts).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it('lists a message as a problem until it is handled', async () => {
    const problems = new Problems(test.logger);
    let broken = true;
    open.push(
      consume(test.access, {
        queue: 'advance',
        schema: advanceMessage,
        concurrency: 1,
        logger: test.logger,
        problems,
        handle: async () => {
          if (broken) throw new VoltError('record_full', 'no room', { remedy: 'make room' });
        },
      }),
    );
    await send(7);
    const [problem] = await until('it is listed', () => problems.list().length > 0 && problems.list());
    expect(problem).to.include({ code: 'record_full', remedy: 'make room' });
    expect(problem?.message).to.include('"advance"').and.include('no room');
    broken = false;
    await until('nothing is left', empty);
    expect(problems.list()).to.deep.equal([]);
  });

  it('delivers a message again until its handler does not throw', async () => {
    const given = consumeAdvance((_build, count) => {
      if (count < 4) throw new Error(`no ${count}`);
    });
    await send(7);
    await until('nothing is left', empty);
    expect(given).to.deep.equal(['7', '7', '7', '7']);
    expect(test.lines.filter((line) => line.includes('is retried'))).to.have.length.at.least(3);
  });

  it('survives a handler that throws something that is no error', async () => {
    const given = consumeAdvance((_build, count) => {
      if (count === 1) throw 'a string';
      if (count === 2) throw undefined;
    });
    await send(7);
    await until('nothing is left', empty);
    expect(given).to.have.length(3);
  });

  it('goes on with other messages while one waits for its next try', async () => {
    const given = consumeAdvance((build) => {
      if (build === '1' && !given.includes('2')) throw new Error('not before 2');
    });
    await send(1);
    await until('it was tried', () => given.length > 0);
    await send(2);
    await until('nothing is left', empty);
    expect(given.filter((build) => build === '2')).to.deep.equal(['2']);
  });

  it('delivers a message again later if its handler asks for that, without a failure', async () => {
    test.lines.splice(0);
    let message: Job | undefined;
    const given = consumeAdvance(async (_build, count) => {
      const [active] = await queues.queue('advance').getActive();
      message = active;
      if (count <= 20) throw new Later(1, 'not yet');
    });
    await send(7);
    await until('nothing is left', empty);
    expect(given).to.have.length(21);
    expect(message?.attemptsMade).to.equal(0);
    expect(test.lines.filter((line) => !line.includes(' debug'))).to.deep.equal([]);
  });

  it('delays a message as long as its handler asks, and handles others first', async () => {
    const given = consumeAdvance((build) => {
      if (build === '1') throw new Later(3_600_000, 'in an hour');
    });
    await send(1);
    await send(2);
    await until('the other one is handled', () => given.includes('2'));
    expect(await queues.queue('advance').getJobCounts('delayed', 'failed')).to.deep.equal({ delayed: 1, failed: 0 });
    expect(given).to.deep.equal(['1', '2']);
  });

  it('is closed when the running handlers have ended', async () => {
    let end: () => void = () => {};
    let ended = false;
    const given: string[] = [];
    const consumer = consume(test.access, {
      queue: 'advance',
      schema: advanceMessage,
      concurrency: 1,
      logger: test.logger,
      problems: new Problems(test.logger),
      handle: async ({ build }) => {
        given.push(build);
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        ended = true;
      },
    });
    await send(1);
    await until('it is under way', () => given.length === 1);
    await send(2);
    const closed = consumer.close().then(() => expect(ended).to.equal(true));
    end();
    await closed;
    expect(given).to.deep.equal(['1']);
    expect(await queues.queue('advance').getWaitingCount()).to.equal(1);
  });

  it('understands every message that is sent', async () => {
    const given: ResultMessage[] = [];
    const handle = async (message: ResultMessage) => void given.push(message);
    open.push(
      consume(test.access, {
        queue: 'results',
        schema: resultMessage,
        concurrency: 1,
        logger: test.logger,
        problems: new Problems(test.logger),
        handle,
      }),
    );
    const at = new Date().toISOString();
    const message = {
      v: 1,
      kind: 'decided',
      job: '1-1',
      attempt: 0,
      status: 'skipped',
      reason: 'needs_failed',
      message: 'no',
      at,
    } as const;
    await queues.sendResult(message as unknown as ResultMessage);
    await until('it arrives', () => given.length > 0);
    expect(given).to.deep.equal([message]);
  });

  it('takes the message of a consumer that died', async () => {
    await send(7);
    const child = startChild(stuck, { args: [test.redis.url] });
    expect(await child.line()).to.equal('7');
    const given = consumeAdvance();
    await child.kill();
    await until('it is handled by the other', () => given.length > 0);
    await until('nothing is left', empty);
    expect(given).to.deep.equal(['7']);
  });
});
