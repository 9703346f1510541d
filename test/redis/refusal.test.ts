import { expect } from 'chai';
import { Redis } from 'ioredis';
import { isRefused, untilTaken } from '../../src/redis/refusal.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

describe('a command that the server refuses at present', () => {
  let redis: TestRedis;
  let client: Redis;

  before(async () => {
    redis = await startRedis();
    client = new Redis(redis.url);
  });

  after(async () => {
    client.disconnect();
    await redis.stop();
  });

  const writes: { [how: string]: () => Promise<unknown> } = {
    'by a command': () => client.set('key', 'value'),
    'by a script': () => client.eval("return redis.call('set', KEYS[1], 'value')", 1, 'key'),
  };

  for (const why of ['memory', 'files'] as const) {
    it(`is recognised by its error, from commands and scripts (${why})`, async () => {
      const takeAgain = await redis.refuseWrites(why);
      const seen: [string, boolean][] = [];
      for (const [how, write] of Object.entries(writes)) {
        seen.push([how, await write().then(() => false, isRefused)]);
      }
      await takeAgain();
      expect(seen).to.deep.equal(Object.keys(writes).map((how) => [how, true]));
    });
  }

  it('is not a command with a wrong argument', async () => {
    expect(await client.call('SET', 'key').then(() => undefined, isRefused)).to.equal(false);
    expect(isRefused(new Error('connect ECONNREFUSED'))).to.equal(false);
  });

  it('is repeated until the server accepts it', async () => {
    const takeAgain = await redis.refuseWrites('memory');
    let asked = 0;
    const taken = untilTaken(async () => {
      if (++asked === 2) await takeAgain();
      return client.set('key', 'value');
    }, new AbortController().signal);
    expect(await taken).to.equal('OK');
    expect(asked).to.equal(2);
  });

  it('is not repeated after the signal has aborted', async () => {
    const takeAgain = await redis.refuseWrites('memory');
    const ending = new AbortController();
    const refused = untilTaken(() => client.set('key', 'value'), ending.signal).then(() => false, isRefused);
    ending.abort();
    expect(await refused).to.equal(true);
    await takeAgain();
  });
});
