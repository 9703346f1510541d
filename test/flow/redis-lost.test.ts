import { expect } from 'chai';
import { listBuilds } from '../../src/record/builds.ts';
import { heartbeatTtl, leaseTtl } from '../../src/redis/heartbeat-times.ts';
import { House } from '../support/house.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('Redis', () => {
  let redis: TestRedis;
  let house: House;

  before(async () => {
    redis = await startRedis();
    house = await House.build({ redis: redis.url });
    await house.open();
  });

  after(async () => {
    await house.remove();
    await redis.stop();
  });

  const wholeAgain = () =>
    until('all stages and runners are back', async () => {
      const { redis: server, stages, runners } = await house.status();
      return server.reachable && runners?.count === 2 && stages.every(({ alive }) => alive);
    });

  it('killed (kill -9) and back after longer than every lease: running jobs go on and are not run again, what they said arrives', async () => {
    const away = leaseTtl + heartbeatTtl + 1000;
    const [long, short] = [house.push(away / 100 + 20), house.push(15)];
    await house.begun(long);
    await house.begun(short);
    await redis.kill();
    const pushed = house.push(2);
    await house.over(short);
    await until('it was away for longer than every lease', () => {
      const [run] = house.evidence.runs(long);
      return run !== undefined && run.lastBeat - run.startedAt > away;
    });
    await redis.start();
    await house.prove([long, short, pushed]);
    for (const sha of [long, short]) expect((await house.built(sha)).jobs[0]?.attempts).to.have.length(1);
    await wholeAgain();
  }).timeout(120_000);

  it('replaced by an empty one: queued jobs are sent again, each once, running ones count, nothing is built twice or missed', async () => {
    const finished = (await listBuilds(house.database, { limit: 500 })).map(({ id, finishedAt }) => ({
      id,
      finishedAt,
    }));
    const running = [house.push(60), house.push(60)];
    for (const sha of running) await house.begun(sha);
    const queued = [house.push(1), house.push(1)];
    await until('they are queued', async () => {
      const waiting = await listBuilds(house.database, { status: 'queued', limit: 10 });
      return queued.every((sha) => waiting.some((build) => build.sha === sha));
    });
    await redis.empty();
    const pushed = house.push(1);
    await redis.start();
    await house.prove([...running, ...queued, pushed]);
    for (const sha of running) expect((await house.built(sha)).jobs[0]?.attempts).to.have.length(1);
    const builds = await listBuilds(house.database, { limit: 500 });
    for (const build of finished) expect(builds.find(({ id }) => id === build.id)).to.include(build);
    expect(builds).to.have.length(finished.length + 5);
    await wholeAgain();
  }).timeout(120_000);

  it('and everything else cut off from power: after the start all is picked up, what was acknowledged is there, no job is blamed', async () => {
    const before = house.push(1);
    await house.prove([before]);
    const long = house.push(30);
    for (let cut = 1; cut <= 3; cut++) {
      await house.begun(long, cut);
      await Promise.all([redis.kill(), house.killAll()]);
      await redis.start();
      await house.open();
    }
    const after = house.push(1);
    await house.prove([long], 4);
    await house.prove([before, after]);
    const attempts = (await house.built(long)).jobs[0]?.attempts.map(({ reason }) => reason);
    expect(attempts).to.deep.equal(['runner_lost', 'runner_lost', 'runner_lost', null]);
  }).timeout(180_000);

  it('up, and a job that takes down its runner every time: after three it is an error, poison, and tells its story', async () => {
    const sha = house.push(600);
    const names: string[] = [];
    for (let loss = 1; loss <= 3; loss++) {
      await house.begun(sha, loss);
      const name = await until('somebody runs it', async () => {
        const [build] = await listBuilds(house.database, { sha, limit: 1 });
        const response = await fetch(`${house.url}/api/v1/runners`);
        const { runners } = (await response.json()) as { runners: { name: string; running: string[] }[] };
        return runners.find(({ running }) => running.includes(`${build?.id}-1.${loss}`))?.name;
      });
      names.push(name);
      await house.kill(name);
      await house.startRunner(name);
    }
    const build = await house.built(sha);
    expect(build).to.include({ status: 'error', reason: 'poison' });
    const attempts = build.jobs[0]?.attempts ?? [];
    expect(attempts.map(({ runner, reason }) => [runner, reason])).to.deep.equal([
      [names[0], 'runner_lost'],
      [names[1], 'runner_lost'],
      [names[2], 'poison'],
    ]);
    for (const { message } of attempts) expect(message).to.match(/^runner vanished after \d+(\.\d)? s, noticed after/);
    expect(attempts[0]?.message).to.match(new RegExp(`, moved to ${names[1]}$`));
    expect(house.evidence.runs(sha)).to.have.length(3);
    const next = house.push(1);
    await house.prove([next]);
  }).timeout(120_000);
});
