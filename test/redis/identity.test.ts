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

describe('the claim of a Redis by a database', () => {
  let test: TestAccess;

  before(async () => {
    test = await startAccess();
  });

  beforeEach(() => test.access.client.flushall());

  after(() => test.stop());

  it('claims an empty Redis for the first database', async () => {
    expect(await claimRedis(test.access, record('first'))).to.equal(true);
  });

  it('lets all stages with the same database in, and is new to the first of them only', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(async () => claimRedis(await test.another(), record('first'))));
    expect(all.filter((isNew) => isNew)).to.have.length(1);
  });

  it('refuses a stage with another database', async () => {
    await claimRedis(test.access, record('first'));
    const error = await failure('record_mismatch', () => claimRedis(test.access, record('second')));
    expect(error.remedy).to.include('VOLT_DATA_DIR').and.include('VOLT_REDIS_PREFIX');
    expect(await claimRedis(test.access, record('first'))).to.equal(false);
  });

  it('reports an emptied Redis as new', async () => {
    await claimRedis(test.access, record('first'));
    await test.access.client.flushall();
    expect(await claimRedis(test.access, record('first'))).to.equal(true);
  });

  it('reports a new Redis as fresh to every stage until runners have reported what they run', async () => {
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

  it('claims an emptied Redis when its age is read, with the newest build of the database', async () => {
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

  it('lets several databases share a Redis with different prefixes', async () => {
    await claimRedis(test.access, record('first'));
    const other = await connectRedis({ redisPrefix: 'other' }, test.redis.url, test.logger);
    expect(await claimRedis(other, record('second'))).to.equal(true);
    await other.close();
  });

  it('empties a Redis that served the database before a restore', async () => {
    const { client, keys } = test.access;
    await claimRedis(test.access, record('first'));
    await client.set(`${keys.bull}:jobs:1-1.1`, 'a message');
    await client.set('other:key', "somebody else's");
    expect(await claimRedis(test.access, record('second', ['zeroth', 'first']))).to.equal(true);
    expect(await client.exists(`${keys.bull}:jobs:1-1.1`)).to.equal(0);
    expect(await client.get('other:key')).to.equal("somebody else's");
    expect(await claimRedis(test.access, record('second', ['first']))).to.equal(false);
  });

  it('refuses a Redis that stages of the database before a restore still use', async () => {
    await claimRedis(test.access, record('first'));
    await writeHeartbeat(test.access, 'reporter', stageMemberSchema.parse(runnerMember('reporter-1')));
    const error = await failure('record_mismatch', () => claimRedis(test.access, record('second', ['first'])));
    expect(error.message).to.include('reporter on');
    expect(await claimRedis(test.access, record('first'))).to.equal(false);
  });
});
