import { expect } from 'chai';
import { connectRedis } from '../../src/redis/connect.ts';
import { claimRedis, youngFor } from '../../src/redis/identity.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { failure } from '../support/failure.ts';
import { until } from '../support/until.ts';

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

  it('is young for everybody, whoever has claimed it, until its runners have had the time to tell what they run', async () => {
    const { access } = test;
    await claimRedis(await test.another(), 'first');
    expect(await claimRedis(access, 'first')).to.equal(false);
    expect(await youngFor(access)).to.be.greaterThan(0);
    await until('it is not young any more', async () => (await youngFor(access)) === 0);
    await claimRedis(access, 'first');
    expect(await youngFor(access)).to.equal(0);
  });

  it('is shared by several records under prefixes of their own', async () => {
    await claimRedis(test.access, 'first');
    const other = await connectRedis({ redisPrefix: 'other' }, test.redis.url, test.logger);
    expect(await claimRedis(other, 'second')).to.equal(true);
    await other.close();
  });
});
