import { expect } from 'chai';
import { recordStages, TestFleet } from '../support/fleet.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

describe('a stage that gets SIGTERM', () => {
  let redis: TestRedis;
  let fleet: TestFleet;

  before(async () => {
    redis = await startRedis();
    fleet = await TestFleet.build({ redis: redis.url });
  });

  beforeEach(() => fleet.open(['r1']));

  afterEach(async () => {
    await fleet.killAll();
    await redis.kill();
    await redis.start();
  });

  after(async () => {
    await fleet.remove();
    await redis.stop();
  });

  const away: { [how: string]: () => unknown } = {
    'is gone (kill -9)': () => redis.kill(),
    'answers nothing (SIGSTOP)': () => redis.freeze(),
  };
  for (const [how, make] of Object.entries(away)) {
    it(`ends in order although Redis ${how}, and loses no message`, async () => {
      const sha = fleet.push(20);
      await fleet.begun(sha);
      await make();
      for (const kind of recordStages) fleet.process(kind).signal('SIGTERM');
      for (const kind of recordStages) {
        expect(await fleet.process(kind).ended(), fleet.process(kind).output).to.equal(0);
        expect(fleet.process(kind).output).to.not.include('did not stop');
      }
      await redis.kill();
      await redis.start();
      await fleet.killAll();
      await fleet.open(['r1']);
      await fleet.built(sha);
    }).timeout(120_000);
  }
});
