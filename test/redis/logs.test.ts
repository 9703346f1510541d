import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type * as z from 'zod';
import type { JobId, RunnerId } from '../../src/kernel/model.ts';
import { growthSchema, listen, runnerNoticeSchema } from '../../src/redis/channels.ts';
import type { RedisAccess, RedisConnection } from '../../src/redis/connect.ts';
import {
  claimChunks,
  dropChunks,
  forgetConsumers,
  type LogChunk,
  leaveGroup,
  type ReceivedChunk,
  receiveChunks,
  sendChunk,
  settleChunks,
} from '../../src/redis/logs.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { until } from '../support/until.ts';

function chunk(offset: number, data: string | Buffer = `piece ${offset}`): LogChunk {
  const bytes = Buffer.from(data);
  return { job: '1-1' as JobId, attempt: 1, runner: 'a~1', offset, length: bytes.length, data: bytes };
}

describe('the stream of log chunks', () => {
  let test: TestAccess;
  let access: RedisAccess;
  let blocking: RedisConnection;

  before(async () => {
    test = await startAccess();
    access = test.access;
    blocking = access.open('blocking');
  });

  beforeEach(() => access.client.flushall());

  after(async () => {
    blocking.disconnect();
    await test.stop();
  });

  const receive = (consumer = 'one', block = 5000) =>
    receiveChunks(access, blocking, consumer, block).then(({ chunks }) => chunks);
  const claim = async (consumer: string, idle: number) => (await claimChunks(access, consumer, idle)).chunks.chunks;
  const consumers = async () =>
    ((await access.client.xinfo('CONSUMERS', access.keys.logs, 'reporters')) as string[][]).map((fields) => fields[1]);
  const offsets = (chunks: ReceivedChunk[]) => chunks.map(({ offset }) => offset);

  it('delivers every byte with its attempt and offset', async () => {
    const sent = chunk(7, Buffer.concat([Buffer.from([0, 10, 13, 255, 128]), randomBytes(100_000)]));
    const before = Date.now();
    await sendChunk(access, sent);
    const [received] = await receive();
    expect(received).to.deep.equal({ ...sent, entry: received?.entry, sentAt: received?.sentAt });
    expect(received?.sentAt, 'when Redis took it').to.be.within(before, Date.now());
  });

  it('delivers a chunk that only names bytes of a spool', async () => {
    const { data, ...rest } = chunk(7);
    const named = { ...rest, spool: '12-34' };
    await sendChunk(access, named);
    const [received] = await receive();
    expect(received).to.deep.equal({ ...named, entry: received?.entry, sentAt: received?.sentAt });
  });

  it('delivers chunks in order, each to one reporter', async () => {
    for (let offset = 0; offset < 40; offset++) await sendChunk(access, chunk(offset));
    const received: number[] = [];
    for (const consumer of ['one', 'two', 'one', 'two']) received.push(...offsets(await receive(consumer, 1)));
    expect(received).to.deep.equal(Array.from({ length: 40 }, (_, index) => index));
  });

  it('wakes a waiting reporter', async () => {
    await receive('one', 1);
    const receiving = receive('one');
    await sendChunk(access, chunk(3));
    expect(offsets(await receiving)).to.deep.equal([3]);
  });

  it('returns nothing after the wait', async () => {
    expect(await receive('one', 1)).to.deep.equal([]);
  });

  it('keeps nothing of dropped chunks', async () => {
    for (const offset of [0, 1, 2]) await sendChunk(access, chunk(offset));
    const received = await receive();
    await dropChunks(
      access,
      received.slice(0, 2).map(({ entry }) => entry),
    );
    expect(await access.client.xlen(access.keys.logs)).to.equal(1);
    expect(offsets(await claim('two', 0))).to.deep.equal([2]);
    await dropChunks(access, []);
  });

  it('notifies the runner and the followers of the log of archived chunks', async () => {
    for (const offset of [0, 1, 2]) await sendChunk(access, chunk(offset));
    const received = await receive();
    const told: unknown[] = [];
    const { keys, client } = access;
    const hear = <T>(channel: string, schema: z.ZodType<T>) =>
      listen(access, channel, schema, test.logger, (message) => told.push(message));
    const stops = [
      await hear(keys.toRunner('a~1' as RunnerId), runnerNoticeSchema),
      await hear(keys.growth, growthSchema),
    ];
    const archived = { kind: 'archived', job: '1-1' as JobId, attempt: 1, bytes: 9, seesSpool: true } as const;
    const entries = received.slice(0, 2).map(({ entry }) => entry);
    await settleChunks(access, entries, 'a~1' as RunnerId, archived);
    await until('both are told', () => told.length === 2);
    expect(told).to.deep.equal([archived, { job: '1-1', attempt: 1, bytes: 9 }]);
    expect(await client.xlen(keys.logs)).to.equal(1);
    expect(offsets(await claim('two', 0))).to.deep.equal([2]);
    for (const stop of stops) await stop();
  });

  it('hands over the chunks of a dead reporter, and not before the time', async () => {
    for (const offset of [0, 1]) await sendChunk(access, chunk(offset));
    await receive('dead');
    expect(await receive('heir', 1)).to.deep.equal([]);
    expect(await claim('heir', 3_600_000)).to.deep.equal([]);
    const claimed = await claim('heir', 0);
    expect(claimed.map(({ offset, data }) => [offset, data?.toString()])).to.deep.equal([
      [0, 'piece 0'],
      [1, 'piece 1'],
    ]);
  });

  it('works after Redis was emptied, with and without a waiting reporter', async () => {
    await sendChunk(access, chunk(0));
    await receive();
    await access.client.flushall();
    expect(await claim('one', 0)).to.deep.equal([]);
    await sendChunk(access, chunk(1));
    expect(offsets(await receive())).to.deep.equal([1]);

    const receiving = receive();
    await access.client.flushall();
    await sendChunk(access, chunk(2));
    const received = await receiving;
    expect(offsets([...received, ...(received.length > 0 ? [] : await receive())])).to.deep.equal([2]);
  });

  it('delivers what was sent before the first reporter', async () => {
    await sendChunk(access, chunk(0));
    const other = await test.another();
    const connection = other.open('late');
    expect(offsets((await receiveChunks(other, connection, 'late', 5000)).chunks)).to.deep.equal([0]);
    connection.disconnect();
  });

  it('is created once when several reporters start at once', async () => {
    const connections = ['one', 'two', 'three'].map((name) => ({ name, connection: access.open(name) }));
    await sendChunk(access, chunk(0));
    const received = await Promise.all(
      connections.map(({ name, connection }) => receiveChunks(access, connection, name, 50)),
    );
    expect(offsets(received.flatMap(({ chunks }) => chunks))).to.deep.equal([0]);
    for (const { connection } of connections) connection.disconnect();
  });

  it('separates entries that are not chunks, with all their fields', async () => {
    const { client, keys } = access;
    await client.xadd(keys.logs, '*', 'attempt', '../../etc', 'runner', 'a~1', 'offset', '0', 'data', 'x');
    await client.xadd(keys.logs, '*', 'attempt', '1-1.1', 'runner', 'a~1', 'offset', '-1', 'data', 'x');
    await client.xadd(keys.logs, '*', 'attempt', '1-1.1', 'runner', 'a~1', 'offset', 'zero', 'data', 'x');
    for (const length of ['0', '-1', '1e12', 'all'])
      await client.xadd(keys.logs, '*', 'attempt', '1-1.1', 'runner', 'a~1', 'offset', '0', 'length', length);
    await client.xadd(keys.logs, '*', 'strange', 'yes');
    await sendChunk(access, chunk(5));
    const { chunks, strange } = await receiveChunks(access, blocking, 'one', 5000);
    expect(offsets(chunks)).to.deep.equal([5]);
    expect(strange).to.have.length(8);
    expect(strange[7]?.fields).to.deep.equal(['strange', 'yes']);
  });

  it('hands over chunks in pages, to the last one', async () => {
    for (let offset = 0; offset < 100; offset++) await sendChunk(access, chunk(offset));
    for (let page = 0; page < 7; page++) await receive('dead');
    const found: number[] = [];
    let from: string | undefined;
    do {
      const { chunks, next } = await claimChunks(access, 'heir', 0, from);
      found.push(...offsets(chunks.chunks));
      from = next;
    } while (from !== undefined);
    expect(found).to.deep.equal(Array.from({ length: 100 }, (_, index) => index));
  });

  it('removes reporters that have stopped or are gone, but none that still has chunks', async () => {
    await sendChunk(access, chunk(0));
    await receive('holding');
    for (const name of ['stopped', 'gone']) await receive(name, 1);
    await leaveGroup(access, 'stopped');
    await leaveGroup(access, 'holding');
    expect((await consumers()).sort()).to.deep.equal(['gone', 'holding']);
    await forgetConsumers(access, 3_600_000);
    expect(await consumers()).to.have.length(2);
    await until('the one that is gone has been silent for long enough', async () => {
      await forgetConsumers(access, 50);
      return !(await consumers()).includes('gone');
    });
    expect(await consumers()).to.deep.equal(['holding']);
    expect(offsets(await claim('heir', 0)), 'what it held is not lost').to.deep.equal([0]);
  });
});
