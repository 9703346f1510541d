import { expect } from 'chai';
import { count, observe, readTallies } from '../../src/redis/tallies.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { until } from '../support/until.ts';

describe('the counts of all stages', () => {
  let test: TestAccess;

  before(async () => {
    test = await startAccess();
  });
  beforeEach(() => test.access.client.flushall());
  after(() => test.stop());

  const tallied = async (name: string) =>
    (await readTallies(test.access))
      .filter((tally) => tally.name === name)
      .map(({ labels, parts }) => [labels, Object.fromEntries(parts)]);

  it('are the sum over all processes', async () => {
    const other = await test.another();
    for (const access of [test.access, other, test.access]) count(access, 'builds', ['app', 'success']);
    count(other, 'builds', ['app', 'failure']);
    await until('all are counted', async () => (await tallied('builds')).length === 2);
    expect(await tallied('builds')).to.deep.include.members([
      [['app', 'success'], { count: 3 }],
      [['app', 'failure'], { count: 1 }],
    ]);
  });

  it('put each time into the smallest fitting bucket', async () => {
    for (const seconds of [0.05, 0.1, 0.2, 100_000, -3])
      observe(test.access, 'queue_wait', ['app', 'linux,x64'], seconds);
    await test.access.client.ping();
    const [[labels, parts] = []] = await tallied('queue_wait');
    expect(labels).to.deep.equal(['app', 'linux,x64']);
    expect(parts).to.deep.equal({ 0: 3, 1: 1, 9: 1, sum: 100_000.35 });
  });

  it('have a bounded number of series', async () => {
    for (let index = 0; index < 1000; index++) count(test.access, 'builds', [`repository-${index}`, 'success']);
    await test.access.client.ping();
    const series = await tallied('builds');
    expect(series.length).to.be.below(502);
    const [, other] = series.find(([labels]) => (labels as string[])[0] === 'other') ?? [];
    expect(other).to.have.property('count').above(490);
  });

  it('never wait during an outage of Redis', async () => {
    await test.redis.kill();
    count(test.access, 'attempts_lost', ['runner_lost']);
    observe(test.access, 'recovery', [], 1);
    await test.redis.start();
    await until('Redis is back', () => test.access.client.status === 'ready');
  });
});
