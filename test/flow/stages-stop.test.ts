import { expect } from 'chai';
import { House, recordStages } from '../support/house.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

describe('a stage told to stop (SIGTERM)', () => {
  let redis: TestRedis;
  let house: House;

  before(async () => {
    redis = await startRedis();
    house = await House.build({ redis: redis.url });
  });

  beforeEach(() => house.open(['r1']));

  afterEach(async () => {
    await house.killAll();
    await redis.kill();
    await redis.start();
  });

  after(async () => {
    await house.remove();
    await redis.stop();
  });

  const away: { [how: string]: () => unknown } = {
    'is gone (kill -9)': () => redis.kill(),
    'answers nothing (SIGSTOP)': () => redis.freeze(),
  };
  for (const [how, make] of Object.entries(away)) {
    it(`ends in order though Redis ${how}, and nothing is lost by it`, async () => {
      const sha = house.push(20);
      await house.begun(sha);
      await make();
      for (const kind of recordStages) house.process(kind).signal('SIGTERM');
      for (const kind of recordStages) {
        expect(await house.process(kind).ended(), house.process(kind).output).to.equal(0);
        expect(house.process(kind).output).to.not.include('did not stop');
      }
      await redis.kill();
      await redis.start();
      await house.killAll();
      await house.open(['r1']);
      await house.built(sha);
    }).timeout(120_000);
  }
});
