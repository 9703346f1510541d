import { expect } from 'chai';
import type { RedisAccess } from '../../src/redis/connect.ts';
import { atFirstDelivery } from '../../src/redis/deliveries.ts';
import { redisKeys } from '../../src/redis/keys.ts';

describe('a call of a webhook', () => {
  it('is answered while Redis is away', async () => {
    const client = { status: 'reconnecting', set: () => new Promise(() => undefined) };
    const access = { client, keys: redisKeys('volt') } as unknown as RedisAccess;
    let done = 0;
    await atFirstDelivery(access, { repo: 'app', hash: 'a' }, async () => {
      done++;
    });
    expect(done).to.equal(1);
  });
});
