import { expect } from 'chai';
import { reconcile } from '../../src/dispatcher/reconcile.ts';
import type { JobId } from '../../src/kernel/model.ts';
import type { Stage } from '../../src/queues/stage.ts';
import { listBuilds } from '../../src/record/builds.ts';
import { openCancel } from '../../src/record/intents.ts';
import { Evidence } from '../support/evidence.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a fleet of runners', () => {
  let volt: TestVolt;
  let evidence: Evidence;
  let reporter: Stage;
  const repositories: TestRepository[] = [];

  beforeEach(async () => {
    volt = await TestVolt.start();
    evidence = new Evidence();
    reporter = await volt.reporter();
    await volt.dispatcher();
    await volt.observer();
  });

  afterEach(async () => {
    await volt.stop();
    evidence.remove();
    for (const repository of repositories.splice(0)) repository.remove();
  });

  async function observed(files: Record<string, string>): Promise<TestRepository> {
    const repository = new TestRepository(files);
    repositories.push(repository);
    await volt.observe(repository.path, { pollSeconds: 1 });
    return repository;
  }

  it('builds 200 commits that appear at once, each once and in commit order', async () => {
    await volt.runner({ name: 'r1' });
    await volt.runner({ name: 'r2' });
    const repository = await observed({ 'test.sh': '#!/bin/sh\ntrue\n' });
    await volt.build(repository.head());
    const ids = repository.burst(200);
    await volt.build(ids.at(-1) as string, undefined, 120_000);
    await until(
      'all are final',
      async () => (await listBuilds(volt.context.database, { status: 'success', limit: 500 })).length === 201,
      60_000,
    );
    const builds = (await listBuilds(volt.context.database, { limit: 500 })).reverse().slice(1);
    expect(builds.map((build) => build.sha)).to.deep.equal(ids);
    expect(new Set(builds.map((build) => build.number)).size).to.equal(200);
    const started = builds.map((build) => Date.parse(build.startedAt as string));
    // with two runners a commit may start together with its neighbour, but never before an older one that waits
    for (let i = 2; i < started.length; i++) expect(started[i]).to.be.at.least(started[i - 2] as number);
  }).timeout(180_000);

  it('lets jobs wait for a runner that starts later', async () => {
    const repository = await observed({ 'test.sh': '#!/bin/sh\ntrue\n' });
    await volt.build(repository.head(), (build) => build.status === 'queued');
    await volt.runner();
    const build = await volt.build(repository.head());
    expect(build.status).to.equal('success');
    expect(build.jobs[0]?.attempts).to.have.length(1);
  });

  it('cancels a running job with all of its processes, and a queued job before it starts', async () => {
    const { context } = volt;
    await volt.runner();
    const repository = await observed({ 'test.sh': evidence.script(600) });
    const running = repository.head();
    await until('the job runs', () => evidence.runs(running).length === 1);
    const queued = repository.commit('second');
    const waiting = await volt.build(queued, (build) => build.status === 'queued');
    const { id } = await volt.build(running, (build) => build.status === 'running');
    for (const build of [waiting.id, id]) {
      await openCancel(context.database, 'sample', build, null);
      await context.queues.sendAdvance({ v: 1, build });
    }
    expect(await volt.build(running)).to.include({ status: 'cancelled', reason: 'by_user' });
    expect(await volt.build(queued)).to.include({ status: 'cancelled', reason: 'by_user' });
    expect(evidence.runs(queued)).to.deep.equal([]);
    const [run] = evidence.runs(running);
    expect(run?.ended).to.equal(false);
  });

  it('runs a job only once although Redis crashes and comes back', async () => {
    await volt.runner();
    const repository = await observed({ 'test.sh': evidence.script(40) });
    const sha = repository.head();
    await until('the job runs', () => evidence.runs(sha).length === 1);
    await volt.redis.kill();
    await until('the job has printed more', () => {
      const [run] = evidence.runs(sha);
      return run !== undefined && run.lastBeat - run.startedAt > 3500;
    });
    await volt.redis.start();
    const build = await volt.build(sha);
    expect(build.status).to.equal('success');
    expect(evidence.runs(sha).map((run) => run.ended)).to.deep.equal([true]);
    expect(build.jobs[0]?.attempts).to.have.length(1);
  });

  it('runs a job only once while no reporter records its end', async () => {
    const { context } = volt;
    await reporter.stop();
    await volt.runner({ name: 'r1' });
    await volt.runner({ name: 'r2' });
    const repository = await observed({ 'test.sh': evidence.script(1) });
    const sha = repository.head();
    const queued = await volt.build(sha, (build) => build.status === 'queued');
    await until('the job has ended', () => evidence.runs(sha)[0]?.ended);
    const ref = { job: queued.jobs[0]?.id as JobId, attempt: 1 };
    await until('the outcome waits to be recorded', () => context.queues.holdsOutcome(ref));
    for (let round = 0; round < 3; round++) await reconcile(context);
    await volt.reporter();
    expect(await volt.build(sha)).to.include({ status: 'success' });
    expect(evidence.runs(sha)).to.have.length(1);
  });

  it('does not run a job that was cancelled before a runner started', async () => {
    const { context } = volt;
    const repository = await observed({ 'test.sh': evidence.script(1) });
    const sha = repository.head();
    const { id } = await volt.build(sha, (build) => build.status === 'queued');
    await openCancel(context.database, 'sample', id, null);
    await context.queues.sendAdvance({ v: 1, build: id });
    expect(await volt.build(sha)).to.include({ status: 'cancelled' });
    await volt.runner();
    const later = repository.commit('later');
    expect(await volt.build(later)).to.include({ status: 'success' });
    expect(evidence.runs(sha)).to.deep.equal([]);
  });

  it('sends queued jobs again when Redis is wiped, and lets running jobs continue', async () => {
    await volt.runner();
    const repository = await observed({ 'test.sh': evidence.script(15) });
    const running = repository.head();
    await until('the job runs', () => evidence.runs(running).length === 1);
    const queued = repository.burst(3);
    await volt.build(queued[2] as string, (build) => build.status === 'queued');
    await volt.context.access.client.flushall();
    for (const sha of [running, ...queued]) {
      const build = await volt.build(sha, undefined, 60_000);
      expect(build.status).to.equal('success');
      expect(evidence.runs(sha).map((run) => run.ended)).to.deep.equal([true]);
    }
    expect(await listBuilds(volt.context.database, { limit: 100 })).to.have.length(4);
    const later = repository.commit('after the wipe');
    expect(await volt.build(later)).to.include({ status: 'success' });
  }).timeout(120_000);
});
