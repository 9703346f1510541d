import { expect } from 'chai';
import { listBuilds } from '../../src/record/builds.ts';
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
    // a runner without an answer for its lease ends its jobs, and they run again
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
    await sentinels.restart(master);
  }).timeout(120_000);

  it('fails over to a replica that has not heard of the latest: that comes once more from the record and the runners', async () => {
    const finished = house.push(1);
    await house.prove([finished]);
    const running = [house.push(60), house.push(60)];
    for (const sha of running) await house.begun(sha);
    const master = await sentinels.master();
    // a replica that has heard nothing for ten seconds would not become the master
    await sentinels.deafenReplica(master);
    const queued = house.push(1);
    await until('it is queued', async () => (await listBuilds(house.database, { sha: queued, limit: 1 }))[0]);
    await sentinels.kill(master);
    const meanwhile = house.push(1);
    await until('another server is the master', async () => (await sentinels.master()) !== master);
    for (const sha of [finished, ...running, queued, meanwhile]) {
      await house.built(sha);
      await house.prove([sha], house.evidence.runs(sha).length);
    }
  }).timeout(120_000);
});
