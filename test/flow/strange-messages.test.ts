import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect } from 'chai';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { hostLabel } from '../../src/kernel/names.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { Queues } from '../../src/queues/queues.ts';
import { listBuilds } from '../../src/record/builds.ts';
import { connectRedis, type RedisAccess } from '../../src/redis/connect.ts';
import { recordStages, TestFleet } from '../support/fleet.ts';
import { keepLog } from '../support/logger.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** Every queue that a stage reads. */
const queueNames = ['observe', 'commits', 'advance', 'results', 'secrets', jobQueue([hostLabel(hostname())])];

describe('a shared Redis', () => {
  const { logger } = keepLog();
  let redis: TestRedis;
  let access: RedisAccess;
  let queues: Queues;
  const fleets: TestFleet[] = [];

  before(async () => {
    redis = await startRedis();
    access = await connectRedis({ redisPrefix: 'volt' }, redis.url, logger);
    queues = new Queues(access, logger);
    fleets.push(await TestFleet.build({ redis: redis.url }));
    fleets.push(await TestFleet.build({ redis: redis.url, env: { VOLT_REDIS_PREFIX: 'other' } }));
    for (const fleet of fleets) await fleet.open(['r1']);
  });

  after(async () => {
    for (const fleet of fleets) await fleet.remove();
    await queues.close();
    await access.close();
    await redis.stop();
  });

  const shasOf = async ({ database }: TestFleet) => (await listBuilds(database, { limit: 10 })).map(({ sha }) => sha);

  /** Two messages that no version of Volt sends, one of a future version, and one that not even BullMQ can read. */
  async function sendStrange(name: string): Promise<void> {
    const queue = queues.queue(name);
    for (const data of [{}, { v: 1, hello: ['world'] }, { v: 2, of: 'the future' }]) await queue.add('strange', data);
    const key = `${access.keys.bull}:${name}`;
    await access.client.hset(`${key}:unreadable`, { name: 'x', data: 'no JSON', opts: '{}', timestamp: '1' });
    await access.client.lpush(`${key}:wait`, 'unreadable');
    await access.client.zadd(`${key}:marker`, 0, '0');
  }

  /** Wrong data outside of queues. */
  async function leaveStrange(): Promise<void> {
    const { client, keys } = access;
    await client.xadd(keys.logs, '*', 'strange', 'very');
    await client.sadd(keys.labelQueues, 'no JSON', '{"of":"the future"}', '["../../etc"]');
    for (const kind of ['runner', 'dispatcher']) {
      await client.sadd(keys.members(kind), 'strange');
      await client.set(keys.member(kind, 'strange'), 'no JSON');
    }
    for (const channel of [keys.changes, keys.growth, keys.newQueue]) await client.publish(channel, 'no JSON');
  }

  it('keeps two Volts with different prefixes apart', async () => {
    const [one, other] = fleets as [TestFleet, TestFleet];
    const [first, second] = [one.push(2), other.push(2)];
    await Promise.all([one.prove([first]), other.prove([second])]);
    expect(await shasOf(one))
      .to.include(first)
      .and.not.include(second);
    expect(await shasOf(other))
      .to.include(second)
      .and.not.include(first);
    for (const fleet of fleets) {
      const { runners, stages } = await fleet.status();
      expect(runners?.count).to.equal(1);
      expect(stages.map(({ members }) => members.length)).to.deep.equal([1, 1, 1, 1]);
    }
    const keys = await access.client.keys('*');
    expect(keys.filter((key) => !/^(volt|other):/.test(key))).to.deep.equal([]);
    expect(keys.some((key) => key.startsWith('other:'))).to.equal(true);
  });

  it('turns malformed, unknown and foreign messages into visible dead letters, and delivers all others', async () => {
    const [fleet, neighbour] = fleets as [TestFleet, TestFleet];
    for (const name of queueNames) await sendStrange(name);
    await leaveStrange();
    const seen = await until('all strange messages are dead letters', async () => {
      const { queues: depths, problems } = await fleet.status();
      const aside = depths.filter(({ name, failed }) => queueNames.includes(name) && failed === 4);
      const reported = problems.filter(({ code }) => code === 'messages_set_aside');
      return aside.length === queueNames.length && reported.length === queueNames.length + 1 && reported;
    });
    for (const { remedy } of seen) expect(remedy).to.include('/queues/queue/');
    const token = readFileSync(dataPaths(fleet.dataDir).token, 'utf8').trim();
    const failed = `${fleet.url}/queues/api/queues?activeQueue=results&status=failed`;
    const board = await (await fetch(failed, { headers: { authorization: `Bearer ${token}` } })).text();
    // an unknown message may contain anything, so only its fields are named
    expect(board).to.include('not understood').and.include('"of":"(not shown)"').and.not.include('the future');

    const names = (await fleet.status()).queues.map(({ name }) => name);
    expect(names.filter((name) => !/^[a-z0-9.=+-]+$/.test(name) || name.includes('..'))).to.deep.equal([]);

    const pushed = fleet.push(1);
    await fleet.prove([pushed]);
    for (const name of [...recordStages, 'r1'])
      expect(fleet.process(name).output, name).to.not.match(/fatal|unhandled/i);
    expect((await neighbour.status()).problems.map(({ code }) => code)).to.not.include('messages_set_aside');
    for (const { name, failed } of (await fleet.status()).queues)
      if (queueNames.includes(name)) expect(failed, `${name}: no more than there were`).to.equal(4);
  });
});
