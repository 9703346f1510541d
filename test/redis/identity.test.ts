import { expect } from 'chai';
import { connectRedis } from '../../src/redis/connect.ts';
import { claimRedis } from '../../src/redis/identity.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { failure } from '../support/failure.ts';

describe('a Redis and its record', () => {
  let test: TestAccess;

  before(async () => {
    test = await startAccess();
  });

  beforeEach(() => test.access.client.flushall());

  after(() => test.stop());

  it('an empty Redis is taken for the first record that comes', async () => {
    expect(await claimRedis(test.access, 'first')).to.equal(true);
  });

  it('serves all stages that have the same record, and is new to the first of them only', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(async () => claimRedis(await test.another(), 'first')));
    expect(all.filter((isNew) => isNew)).to.have.length(1);
  });

  it('is refused to a stage that has another record', async () => {
    await claimRedis(test.access, 'first');
    const error = await failure('record_mismatch', () => claimRedis(test.access, 'second'));
    expect(error.remedy).to.include('VOLT_DATA_DIR').and.include('VOLT_REDIS_PREFIX');
    expect(await claimRedis(test.access, 'first')).to.equal(false);
  });

  it('that was emptied is new again', async () => {
    await claimRedis(test.access, 'first');
    await test.access.client.flushall();
    expect(await claimRedis(test.access, 'first')).to.equal(true);
  });

  it('is shared by several records under prefixes of their own', async () => {
    await claimRedis(test.access, 'first');
    const other = await connectRedis({ redisPrefix: 'other' }, test.redis.url, test.logger);
    expect(await claimRedis(other, 'second')).to.equal(true);
    await other.close();
  });
});
