import { expect } from 'chai';
import { connectRedis, type RedisAccess } from '../../src/redis/connect.ts';
import { listStages } from '../../src/redis/membership.ts';
import { databaseServer, only } from '../support/database.ts';
import { TestFleet } from '../support/fleet.ts';
import { keepLog } from '../support/logger.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('the loss of the database server', () => {
  let redis: TestRedis;
  let access: RedisAccess;
  let fleet: TestFleet;

  before(async () => {
    redis = await startRedis();
    access = await connectRedis({ redisPrefix: 'volt' }, redis.url, keepLog().logger);
    fleet = await TestFleet.build({ redis: redis.url });
  });

  after(async () => {
    await fleet.remove();
    await access.close();
    await redis.stop();
  });

  const said = async (kind: 'dispatcher' | 'reporter') => {
    const { alive } = await listStages(access, kind);
    return alive.flatMap(({ problems }) => problems.map(({ code }) => code)).includes('record_unreachable');
  };

  for (const end of ['shutdown', 'kill'] as const) {
    only.postgres(
      `by ${end} makes stages wait and report it, and no commit or result is lost`,
      async () => {
        if (!fleet.runs('web')) await fleet.open();
        const running = fleet.push(600);
        await fleet.begun(running);
        await databaseServer()[end]();
        const pushed = fleet.push(1);
        fleet.evidence.end(running);
        await fleet.over(running);
        await until('the reporter reports the problem', () => said('reporter'), 40_000);
        const answer = await fetch(`${fleet.url}/api/v1/builds`);
        expect(answer.status).to.equal(503);
        expect(await answer.text())
          .to.include('record_unreachable')
          .and.not.include('pass');
        const { record, builds, stages, problems } = await fleet.status();
        expect(record.reachable).to.equal(false);
        expect(builds).to.equal(null);
        expect(stages.filter(({ alive }) => alive).map(({ kind }) => kind)).to.include.members([
          'dispatcher',
          'reporter',
        ]);
        expect(problems.map(({ code }) => code)).to.include('record_unreachable');
        await databaseServer().start();
        await fleet.prove([running, pushed]);
        await until('no problem is reported any more', async () => !(await said('reporter')), 90_000);
        for (const queue of (await fleet.status()).queues) expect(queue.failed, queue.name).to.equal(0);
      },
      240_000,
    );
  }
});
