import { expect } from 'chai';
import { House } from '../support/house.ts';
import { Sentinels } from '../support/sentinels.ts';
import { until } from '../support/until.ts';

describe('Redis Sentinel', () => {
  let sentinels: Sentinels;
  let house: House;

  before(async () => {
    sentinels = await Sentinels.start();
    house = await House.build({ redis: sentinels.url });
    await house.open();
  });

  after(async () => {
    await house?.remove();
    await sentinels?.stop();
  });

  it('fails over: what was pushed before and meanwhile is built, once, and every stage finds the new master', async () => {
    const before = house.push(1);
    await house.prove([before]);
    const [running, short] = [house.push(50), house.push(5)];
    await house.begun(running);
    await house.begun(short);
    const master = await sentinels.master();
    await sentinels.kill(master);
    const meanwhile = house.push(1);
    await until('another server is the master', async () => (await sentinels.master()) !== master);
    // a runner that hears nothing for its lease ends its jobs, and they run again
    for (const sha of [running, short, meanwhile]) {
      await house.built(sha);
      await house.prove([sha], house.evidence.runs(sha).length);
    }
    const after = house.push(1);
    await house.prove([after]);
    await until('all are there', async () => {
      const { stages, runners } = await house.status();
      return runners?.count === 2 && stages.every(({ alive }) => alive);
    });
    for (const name of ['dispatcher', 'reporter', 'observer', 'web', 'r1', 'r2'])
      expect(house.process(name).output, name).to.not.include('READONLY');
  }).timeout(120_000);
});
