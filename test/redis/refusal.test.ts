import { expect } from 'chai';
import { Redis } from 'ioredis';
import { isRefused, untilTaken } from '../../src/redis/refusal.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

describe('what a server refuses at present', () => {
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
    it(`is known by the answer, whatever has asked for it (${why})`, async () => {
      const takeAgain = await redis.refuseWrites(why);
      const seen: [string, boolean][] = [];
      for (const [how, write] of Object.entries(writes)) {
        seen.push([how, await write().then(() => false, isRefused)]);
      }
      await takeAgain();
      expect(seen).to.deep.equal(Object.keys(writes).map((how) => [how, true]));
    });
  }

  it('is no mistake of whoever asks', async () => {
    expect(await client.call('SET', 'key').then(() => undefined, isRefused)).to.equal(false);
    expect(isRefused(new Error('connect ECONNREFUSED'))).to.equal(false);
  });

  it('is asked for until it is taken', async () => {
    const takeAgain = await redis.refuseWrites('memory');
    let asked = 0;
    const taken = untilTaken(async () => {
      if (++asked === 2) await takeAgain();
      return client.set('key', 'value');
    }, new AbortController().signal);
    expect(await taken).to.equal('OK');
    expect(asked).to.equal(2);
  });

  it('is asked for no more when nobody waits for it', async () => {
    const takeAgain = await redis.refuseWrites('memory');
    const ending = new AbortController();
    const refused = untilTaken(() => client.set('key', 'value'), ending.signal).then(() => false, isRefused);
    ending.abort();
    expect(await refused).to.equal(true);
    await takeAgain();
  });
});
