import { expect } from 'chai';
import { listBuilds } from '../../src/record/builds.ts';
import { TestFleet } from '../support/fleet.ts';
import { Sentinels } from '../support/sentinels.ts';
import { until } from '../support/until.ts';

describe('Redis Sentinel', () => {
  let sentinels: Sentinels;
  let fleet: TestFleet;

  before(async () => {
    sentinels = await Sentinels.start();
    fleet = await TestFleet.build({ redis: sentinels.url });
    await fleet.open();
  });

  after(async () => {
    await fleet?.remove();
    await sentinels?.stop();
  });

  it('builds all commits once after a failover, and every stage finds the new master', async () => {
    const before = fleet.push(1);
    await fleet.prove([before]);
    const [running, short] = [fleet.push(50), fleet.push(5)];
    await fleet.begun(running);
    await fleet.begun(short);
    const master = await sentinels.master();
    await sentinels.kill(master);
    const during = fleet.push(1);
    await until('another Redis server is the master', async () => (await sentinels.master()) !== master);
    // a runner without an answer for its lease ends its jobs, and they run again
    for (const sha of [running, short, during]) {
      await fleet.built(sha);
      await fleet.prove([sha], fleet.evidence.runs(sha).length);
    }
    const after = fleet.push(1);
    await fleet.prove([after]);
    await until('all stages are registered', async () => {
      const { stages, runners } = await fleet.status();
      return runners?.count === 2 && stages.every(({ alive }) => alive);
    });
    for (const name of ['dispatcher', 'reporter', 'observer', 'web', 'r1', 'r2'])
      expect(fleet.process(name).output, name).to.not.include('READONLY');
    await sentinels.restart(master);
  }).timeout(120_000);

  it('sends messages again that the new master does not have, from the database and the runners', async () => {
    const finished = fleet.push(1);
    await fleet.prove([finished]);
    const running = [fleet.push(60), fleet.push(60)];
    for (const sha of running) await fleet.begun(sha);
    const master = await sentinels.master();
    // a replica that has heard nothing for ten seconds would not become the master
    await sentinels.deafenReplica(master);
    const queued = fleet.push(1);
    await until('the job is queued', async () => (await listBuilds(fleet.database, { sha: queued, limit: 1 }))[0]);
    await sentinels.kill(master);
    const during = fleet.push(1);
    await until('another Redis server is the master', async () => (await sentinels.master()) !== master);
    for (const sha of [finished, ...running, queued, during]) {
      await fleet.built(sha);
      await fleet.prove([sha], fleet.evidence.runs(sha).length);
    }
  }).timeout(120_000);
});
