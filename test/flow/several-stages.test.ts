import { only } from '../support/database.ts';
import { TestFleet } from '../support/fleet.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('two dispatchers and two reporters on one database', () => {
  const commits = 60;
  let redis: TestRedis;
  let fleet: TestFleet;

  before(async () => {
    redis = await startRedis();
    fleet = await TestFleet.build({ redis: redis.url });
    await fleet.open();
    for (const kind of ['dispatcher', 'reporter'] as const) await fleet.start(kind, `second ${kind}`);
  });

  after(async () => {
    await fleet.remove();
    await redis.stop();
  });

  only.postgres(
    'build each of many commits once although one of each is killed',
    async () => {
      fleet.push(1);
      const burst = fleet.repository.burst(commits);
      const victims = ['dispatcher', 'second reporter', 'second dispatcher', 'reporter'];
      const come = (share: number) => () =>
        fleet.evidence.runs(burst[Math.floor(commits * share)] as string).length > 0;
      for (const [index, victim] of victims.entries()) {
        await until('enough commits of the burst are built', come((index + 1) / 6), 120_000);
        await fleet.kill(victim);
        const kind = victim.includes('dispatcher') ? 'dispatcher' : 'reporter';
        // of each stage, one process continues alone for a while
        if (index > 1) await fleet.start(kind, victim);
        if (index === 1)
          for (const name of victims.slice(0, 2))
            await fleet.start(name.includes('dis') ? 'dispatcher' : 'reporter', name);
      }
      await fleet.prove(burst);
    },
    600_000,
  );
});
