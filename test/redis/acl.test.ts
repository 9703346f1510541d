import { expect } from 'chai';
import { Redis } from 'ioredis';
import { Queues } from '../../src/queues/queues.ts';
import { runnerRules } from '../../src/redis/acl.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { startRunner } from '../../src/runner/start.ts';
import { volt as cli } from '../support/cli.ts';
import { TestRepository } from '../support/repository.ts';
import { knownKey } from '../support/runner-keys.ts';
import { TestVolt } from '../support/volt.ts';

describe('the Redis user for runners', function () {
  this.timeout(120_000);
  let volt: TestVolt;
  let url: string;

  before(async () => {
    volt = await TestVolt.start();
    await volt.context.access.client.call('ACL', 'SETUSER', 'runner', 'reset', 'on', '>pw', ...runnerRules('volt'));
    url = volt.redis.url.replace('redis://', 'redis://runner:pw@');
  });
  after(() => volt.stop());

  it('has all rights that a runner needs', async () => {
    const { context } = volt;
    await volt.reporter();
    await volt.dispatcher();
    await volt.observer();
    const access = await connectRedis(context.config, url, context.logger, 0, 'runner');
    const { text } = await knownKey(context.database, 'apart');
    const config = { ...context.config, runnerKey: text };
    const own = { ...context, config, access, queues: new Queues(access, context.logger) };
    const runner = await startRunner(own, { labels: [], slots: 1, graceSeconds: 0 });
    const repository = new TestRepository({ 'test.sh': 'echo hello\n' });
    await volt.observe(repository.path, { command: 'sh test.sh' });
    expect((await volt.build(repository.head(), undefined, 60_000)).status).to.equal('success');
    // what was refused, if anything
    expect(await context.access.client.call('ACL', 'LOG')).to.deep.equal([]);
    await runner.stop();
    await own.queues.close();
    await access.close();
    repository.remove();
  });

  it('is printed by volt redis-acl with the address for runners', async () => {
    const { stdout, code } = await cli(['redis-acl', '--user', 'others', '--apply', '--redis', volt.redis.url]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^user others reset on #[0-9a-f]{64} resetkeys .*\n/);
    const joined = new Redis(/--redis (redis:\S+)/.exec(stdout)?.[1] as string);
    expect(await joined.call('ACL', 'WHOAMI').catch((error: Error) => error.message)).to.match(/NOPERM|others/);
    expect(await joined.call('SMEMBERS', 'volt:members:runner')).to.be.an('array');
    joined.disconnect();
  });

  it('cannot read commits, search keys or change the server', async () => {
    const redis = new Redis(url);
    const { client, keys } = volt.context.access;
    await client.hset(`${keys.bull}:commits:1`, 'data', '{}');
    await client.set('another', 'program');
    const script = 'return redis.call("HGETALL", KEYS[1])';
    for (const call of [
      ['HGETALL', `${keys.bull}:commits:1`],
      ['EVAL', script, '1', `${keys.bull}:commits:1`],
      ['GET', 'another'],
      ['SET', 'another', 'mine'],
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['CONFIG', 'GET', '*'],
      ['CONFIG', 'SET', 'dir', '/'],
      ['ACL', 'LIST'],
      ['MONITOR'],
      ['SHUTDOWN'],
      ['CLIENT', 'KILL', 'TYPE', 'normal'],
      ['SUBSCRIBE', keys.growth],
      ['SET', keys.record, 'another'],
      ['DEL', keys.record],
      ['SET', keys.young, '1'],
      ['EVAL', 'return redis.call("SET", KEYS[1], "another")', '1', keys.record],
      ['HSET', keys.runnerKeys, 'mine', '{"name":"mine","repos":[]}'],
      ['SREM', keys.labelQueues, '[]'],
      ['PUBLISH', keys.toRunner('other~1'), '{}'],
      ['EVAL', 'return redis.call("PUBLISH", KEYS[1], "{}")', '1', keys.toRunner('other~1')],
      ['HGETALL', keys.tallies],
      ['LPUSH', `${keys.bull}:commits:wait`, '1'],
      ['FCALL', 'anything', '0'],
    ] as [string, ...string[]][]) {
      const [name, ...args] = call;
      const refused = await redis.call(name, ...args).catch((error: Error) => error.message);
      expect(refused, call.join(' ')).to.match(/NOPERM|ACL failure in script|have no permissions/);
    }
    expect(await redis.get(keys.record), 'whose it is can be read').to.equal(volt.context.database.id);
    redis.disconnect();
  });
});
