import { expect } from 'chai';
import { connectRedis } from '../../src/redis/connect.ts';
import { leaseTtl } from '../../src/redis/heartbeat-times.ts';
import { claimRedis, freshFor, freshRedis } from '../../src/redis/identity.ts';
import { stageMemberSchema, writeHeartbeat } from '../../src/redis/membership.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { failure } from '../support/failure.ts';
import { runnerMember } from '../support/members.ts';
import { until } from '../support/until.ts';

const record = (id: string, formerIds: string[] = [], newest = 0) => {
  return { id, formerIds, newestBuild: async () => newest };
};

describe('a Redis and its record', () => {
  let test: TestAccess;

  before(async () => {
    test = await startAccess();
  });

  beforeEach(() => test.access.client.flushall());

  after(() => test.stop());

  it('an empty Redis is taken for the first record that comes', async () => {
    expect(await claimRedis(test.access, record('first'))).to.equal(true);
  });

  it('serves all stages that have the same record, and is new to the first of them only', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(async () => claimRedis(await test.another(), record('first'))));
    expect(all.filter((isNew) => isNew)).to.have.length(1);
  });

  it('is refused to a stage that has another record', async () => {
    await claimRedis(test.access, record('first'));
    const error = await failure('record_mismatch', () => claimRedis(test.access, record('second')));
    expect(error.remedy).to.include('VOLT_DATA_DIR').and.include('VOLT_REDIS_PREFIX');
    expect(await claimRedis(test.access, record('first'))).to.equal(false);
  });

  it('that was emptied is new again', async () => {
    await claimRedis(test.access, record('first'));
    await test.access.client.flushall();
    expect(await claimRedis(test.access, record('first'))).to.equal(true);
  });

  it('is young for everybody, whoever has claimed it, until its runners have had the time to tell what they run', async () => {
    const { access } = test;
    await claimRedis(await test.another(), record('first'));
    expect(await claimRedis(access, record('first'))).to.equal(false);
    expect(await freshFor(access), 'longer than a lease that an earlier one has confirmed').to.be.greaterThan(leaseTtl);
    expect((await freshRedis(access, record('first')))?.heard).to.equal(0);
    // of the key's last fraction of a millisecond Redis says that none is left, and still has it
    await until('it is not young any more', async () => (await freshRedis(access, record('first'))) === undefined);
    await claimRedis(access, record('first'));
    expect(await freshFor(access)).to.equal(0);
    expect(await freshRedis(access, record('first'))).to.equal(undefined);
  });

  it('that was emptied is claimed by who asks, and is young with all builds that there were', async () => {
    const { access } = test;
    await claimRedis(access, record('first'));
    const before = await freshRedis(access, record('first', [], 5));
    expect(before?.heard).to.equal(0);
    await access.client.flushall();
    const youth = await freshRedis(access, record('first', [], 5));
    expect(youth?.heard).to.equal(5);
    expect(youth?.id).to.not.equal(before?.id);
    expect(await claimRedis(access, record('first'))).to.equal(false);
  });

  it('is shared by several records under prefixes of their own', async () => {
    await claimRedis(test.access, record('first'));
    const other = await connectRedis({ redisPrefix: 'other' }, test.redis.url, test.logger);
    expect(await claimRedis(other, record('second'))).to.equal(true);
    await other.close();
  });

  it('that served what the record was before a restore is emptied, and taken', async () => {
    const { client, keys } = test.access;
    await claimRedis(test.access, record('first'));
    await client.set(`${keys.bull}:jobs:1-1.1`, 'a message');
    await client.set('other:key', "somebody else's");
    expect(await claimRedis(test.access, record('second', ['zeroth', 'first']))).to.equal(true);
    expect(await client.exists(`${keys.bull}:jobs:1-1.1`)).to.equal(0);
    expect(await client.get('other:key')).to.equal("somebody else's");
    expect(await claimRedis(test.access, record('second', ['first']))).to.equal(false);
  });

  it('that still serves what the record was before a restore is left alone', async () => {
    await claimRedis(test.access, record('first'));
    await writeHeartbeat(test.access, 'reporter', stageMemberSchema.parse(runnerMember('reporter-1')));
    const error = await failure('record_mismatch', () => claimRedis(test.access, record('second', ['first'])));
    expect(error.message).to.include('reporter on');
    expect(await claimRedis(test.access, record('first'))).to.equal(false);
  });
});
