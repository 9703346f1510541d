import { only } from '../support/database.ts';
import { House } from '../support/house.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('two dispatchers and two reporters over one record', () => {
  const commits = 60;
  let redis: TestRedis;
  let house: House;

  before(async () => {
    redis = await startRedis();
    house = await House.build({ redis: redis.url });
    await house.open();
    for (const kind of ['dispatcher', 'reporter'] as const) await house.start(kind, `second ${kind}`);
  });

  after(async () => {
    await house.remove();
    await redis.stop();
  });

  only.postgres(
    'build each of many commits once, though one of each is killed on the way',
    async () => {
      house.push(1);
      const burst = house.repository.burst(commits);
      const victims = ['dispatcher', 'second reporter', 'second dispatcher', 'reporter'];
      const come = (share: number) => () =>
        house.evidence.runs(burst[Math.floor(commits * share)] as string).length > 0;
      for (const [index, victim] of victims.entries()) {
        await until('the burst has come so far', come((index + 1) / 6), 120_000);
        await house.kill(victim);
        const kind = victim.includes('dispatcher') ? 'dispatcher' : 'reporter';
        // of each stage, one process continues alone for a while
        if (index > 1) await house.start(kind, victim);
        if (index === 1)
          for (const name of victims.slice(0, 2))
            await house.start(name.includes('dis') ? 'dispatcher' : 'reporter', name);
      }
      await house.prove(burst);
    },
    600_000,
  );
});
