import { expect } from 'chai';
import { listBuilds } from '../../src/record/builds.ts';
import { heartbeatTtl, leaseTtl } from '../../src/redis/heartbeat-times.ts';
import { TestFleet } from '../support/fleet.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('the loss of Redis', () => {
  let redis: TestRedis;
  let fleet: TestFleet;

  before(async () => {
    redis = await startRedis();
    fleet = await TestFleet.build({ redis: redis.url });
    await fleet.open();
  });

  after(async () => {
    await fleet.remove();
    await redis.stop();
  });

  const wholeAgain = () =>
    until('all stages and runners are back', async () => {
      const { redis: server, stages, runners } = await fleet.status();
      return server.reachable && runners?.count === 2 && stages.every(({ alive }) => alive);
    });

  it('for longer than every lease (kill -9) lets running jobs continue once and loses none of their output', async () => {
    const away = leaseTtl + heartbeatTtl + 1000;
    const [long, short] = [fleet.push(600), fleet.push(600)];
    await fleet.begun(long);
    await fleet.begun(short);
    await redis.kill();
    const pushed = fleet.push(2);
    fleet.evidence.end(short);
    await fleet.over(short);
    await until('Redis was down for longer than every lease', () => {
      const [run] = fleet.evidence.runs(long);
      return run !== undefined && run.lastBeat - run.startedAt > away;
    });
    await redis.start();
    fleet.evidence.end(long);
    await fleet.prove([long, short, pushed]);
    for (const sha of [long, short]) expect((await fleet.built(sha)).jobs[0]?.attempts).to.have.length(1);
    await wholeAgain();
  }).timeout(120_000);

  it('with all of its data sends queued jobs again once, keeps running ones, and builds every commit once', async () => {
    const finished = (await listBuilds(fleet.database, { limit: 500 })).map(({ id, finishedAt }) => ({
      id,
      finishedAt,
    }));
    const running = [fleet.push(600), fleet.push(600)];
    for (const sha of running) await fleet.begun(sha);
    const queued = [fleet.push(1), fleet.push(1)];
    await until('the jobs are queued', async () => {
      const waiting = await listBuilds(fleet.database, { status: 'queued', limit: 10 });
      return queued.every((sha) => waiting.some((build) => build.sha === sha));
    });
    await redis.empty();
    const pushed = fleet.push(1);
    await redis.start();
    await wholeAgain();
    for (const sha of running) fleet.evidence.end(sha);
    await fleet.prove([...running, ...queued, pushed]);
    for (const sha of running) expect((await fleet.built(sha)).jobs[0]?.attempts).to.have.length(1);
    const builds = await listBuilds(fleet.database, { limit: 500 });
    for (const build of finished) expect(builds.find(({ id }) => id === build.id)).to.include(build);
    expect(builds).to.have.length(finished.length + 5);
    await wholeAgain();
  }).timeout(120_000);

  it('together with all stages (power cut) keeps all acknowledged data, continues all jobs and counts no loss against them', async () => {
    const before = fleet.push(1);
    await fleet.prove([before]);
    const long = fleet.push(600);
    for (let cut = 1; cut <= 3; cut++) {
      await fleet.begun(long, cut);
      await Promise.all([redis.kill(), fleet.killAll()]);
      await redis.start();
      await fleet.open();
    }
    const after = fleet.push(1);
    await fleet.begun(long, 4);
    fleet.evidence.end(long);
    await fleet.prove([long], 4);
    await fleet.prove([before, after]);
    const attempts = (await fleet.built(long)).jobs[0]?.attempts.map(({ reason }) => reason);
    expect(attempts).to.deep.equal(['runner_lost', 'runner_lost', 'runner_lost', null]);
  }).timeout(180_000);

  it('does not keep a job that kills every runner from ending as poison after ten runners', async () => {
    const sha = fleet.push(600);
    const names: string[] = [];
    // losses count from one TTL after the start of the dispatcher on
    for (let loss = 1; loss <= 14; loss++) {
      const name = await until('a runner has the job, or the build is an error', async () => {
        const [build] = await listBuilds(fleet.database, { sha, limit: 1 });
        if (build?.status === 'error') return 'nobody';
        const response = await fetch(`${fleet.url}/api/v1/runners`);
        const { runners } = (await response.json()) as { runners: { name: string; running: string[] }[] };
        return runners.find(({ running }) => running.includes(`${build?.id}-1.${loss}`))?.name;
      });
      if (name === 'nobody') break;
      await fleet.begun(sha, loss);
      names.push(name);
      await fleet.kill(name);
      await fleet.startRunner(name);
    }
    const build = await fleet.built(sha);
    expect(build).to.include({ status: 'error', reason: 'poison' });
    expect(names.length).to.be.within(10, 13);
    const attempts = build.jobs[0]?.attempts ?? [];
    const reasons = names.map((name, index) => [name, index < names.length - 1 ? 'runner_lost' : 'poison']);
    expect(attempts.map(({ runner, reason }) => [runner, reason])).to.deep.equal(reasons);
    for (const { message } of attempts) expect(message).to.match(/^runner vanished after \d+(\.\d)? s, noticed after/);
    expect(attempts[0]?.message).to.match(new RegExp(`, moved to ${names[1]}$`));
    expect(fleet.evidence.runs(sha)).to.have.length(names.length);
    const next = fleet.push(1);
    await fleet.prove([next]);
  }).timeout(120_000);
});
