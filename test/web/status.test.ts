import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect } from 'chai';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { VoltError } from '../../src/kernel/errors.ts';
import { plansOf } from '../../src/kernel/later-plans.ts';
import type { BuildId } from '../../src/kernel/model.ts';
import { ownTrust } from '../../src/kernel/trust.ts';
import { noteObserved, noteObserveError } from '../../src/record/observations.ts';
import { removeSecret, setSecret } from '../../src/record/secrets.ts';
import { nobody } from '../../src/record/visibility.ts';
import type { Vitals } from '../../src/redis/membership.ts';
import { runnerList } from '../../src/web/schemas/runners.ts';
import { systemStatus } from '../../src/web/schemas/system.ts';
import { systemStatus as systemState } from '../../src/web/status/system-status.ts';
import { jobMessageOf } from '../support/messages.ts';
import { until } from '../support/until.ts';
import { bodyOf, job, Site } from './site.ts';

describe('web: the state of Volt', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
  });
  after(() => site.stop());

  const status = async () => systemStatus.strict().parse(await site.json('/api/v1/status'));
  const codes = async () => (await status()).problems.map(({ code }) => code);
  const allStages = () =>
    Promise.all((['observer', 'dispatcher', 'reporter'] as const).map((kind) => site.stage(kind)));

  async function sendJob(build: BuildId, labels: string[]): Promise<void> {
    const message = {
      v: 1 as const,
      job: job(build),
      attempt: 1,
      build,
      name: 'test',
      labels,
      repo: { name: 'sample', url: 'https://git.example/sample.git' },
      ref: 'refs/heads/main',
      sha: 'a'.repeat(40),
      trust: ownTrust,
      plan: { kind: 'discover' as const },
      timeout: 60,
    };
    await site.context.queues.sendJobs([{ message, priority: 1 }]);
  }

  it('names every missing stage and the command that starts it', async () => {
    const { healthy, problems, stages } = await status();
    expect(healthy).to.equal(false);
    expect(problems.map(({ code }) => code)).to.deep.equal([
      'no_observer',
      'no_dispatcher',
      'no_reporter',
      'no_runner',
    ]);
    expect(problems[0]?.remedy).to.include('volt observer');
    expect(stages.map(({ kind, alive }) => [kind, alive])).to.deep.include(['observer', false]);
  });

  it('shows this stage after its first heartbeat', async () => {
    const web = await until('the heartbeat of web', async () =>
      (await status()).stages.find(({ kind, alive }) => kind === 'web' && alive),
    );
    expect(web.members[0]).to.include({ pid: process.pid, version: '0.1.0' });
  });

  it('is healthy if everything runs', async () => {
    await allStages();
    await site.runner('r1', { slots: 3, running: ['1-1.1'] });
    const { healthy, problems, runners } = await status();
    expect(problems).to.deep.equal([]);
    expect(healthy).to.equal(true);
    expect(runners).to.deep.equal({ count: 1, slots: 3, busy: 1, stopping: 0, drained: 0 });
  });

  it('shows Redis, the database and the disk', async () => {
    const { redis, record, disk, warnings } = await status();
    expect(redis).to.include({ reachable: true, appendOnly: true });
    expect(redis.version).to.match(/^\d+\.\d+/);
    expect(redis.memory?.used).to.be.above(0);
    expect(record.bytes).to.be.above(4096);
    expect(disk?.free).to.be.within(1, disk?.total ?? 0);
    expect(warnings).to.deep.equal([]);
  });

  it('warns of a Redis without an append-only file, but is healthy', async () => {
    await allStages();
    await site.runner('r1');
    await site.context.access.client.config('SET', 'appendonly', 'no');
    const { healthy, warnings } = await status();
    expect(healthy).to.equal(true);
    expect(warnings.map(({ code }) => code)).to.deep.equal(['redis_no_append_only_file']);
    await site.context.access.client.config('SET', 'appendonly', 'yes');
  });

  it('has a problem with a Redis that may evict keys', async () => {
    const { client } = site.context.access;
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await codes()).to.include('redis_evicts');
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    expect(await codes()).to.not.include('redis_evicts');
  });

  it('shows measurements of members, and the machine with a nearly full disk', async () => {
    await site.stage('reporter', { vitals: vitals({ diskFree: 10, diskLow: true }) });
    const { stages, problems } = await status();
    const reporter = stages.find(({ kind }) => kind === 'reporter')?.members[0];
    expect(reporter?.vitals?.warnings.last?.message).to.equal('a disk is slow');
    const problem = problems.find(({ code }) => code === 'disk_low');
    expect(problem?.message).to.include(hostname()).and.include('(reporter)');
    await site.stage('reporter');
    expect(await codes()).to.not.include('disk_low');
  });

  it('reports that secrets cannot be decrypted before a job needs one', async () => {
    const { database, config } = site.context;
    await setSecret(database, config, { repo: null, name: 'TOKEN', value: 'x' });
    expect(await codes()).to.not.include('secrets_key_missing');
    rmSync(dataPaths(config.dataDir).secretsKey);
    expect(await codes()).to.include('secrets_key_missing');
    await removeSecret(database, null, 'TOKEN');
    expect(await codes()).to.not.include('secrets_key_missing');
  });

  it('lists the runners with their attempts', async () => {
    await site.runner('r1', { labels: ['linux'], running: ['1-1.1'] });
    const { runners, next } = runnerList.strict().parse(await site.json('/api/v1/runners'));
    expect(next).to.equal(null);
    expect(runners).to.have.lengthOf(1);
    expect(runners[0]).to.include({ id: 'r1~1', name: 'r1', slots: 2, load: 0.5 });
    expect(runners[0]?.running).to.deep.equal(['1-1.1']);
  });

  it('shows a stopping runner', async () => {
    await site.runner('r1', { stopping: true });
    expect((await status()).runners?.stopping).to.equal(1);
    expect((await site.json('/api/v1/runners')).runners[0].state).to.equal('stopping');
    await site.runner('r1');
  });

  it('warns of jobs without isolation that can pass for people whom a proxy on their machine signs in', async () => {
    const { config } = site.context;
    const codesWith = async (proxySignIn: string | undefined) => {
      const web = await site.web({ config: { ...config, proxySignIn } });
      const { warnings } = await systemState(web, nobody);
      return warnings.map(({ code }) => code);
    };
    await site.runner('r1', { isolation: 'sandbox' });
    expect(await codesWith('127.0.0.1')).to.deep.equal([]);
    await site.runner('r1', { isolation: 'none' });
    for (const own of ['127.0.0.1', '10.9.8.7, 127.5.0.0/16', '127.0.0.0/8'])
      expect(await codesWith(own), own).to.deep.equal(['proxy_on_machine']);
    for (const other of ['203.0.113.7', '2001:db8::/64', undefined])
      expect(await codesWith(other), other).to.deep.equal([]);
    await site.runner('r1');
  });

  it('warns of a machine with a wrong clock, but is healthy', async () => {
    await site.stage('reporter', { vitals: vitals({ clockAhead: -1900 }) });
    expect((await status()).warnings).to.deep.equal([]);
    await site.stage('reporter', { vitals: vitals({ clockAhead: -3_600_000 }) });
    const { warnings, problems } = await status();
    expect(warnings.map(({ code }) => code)).to.deep.equal(['clock_wrong']);
    expect(warnings[0]?.message).to.include(`${hostname()}: its clock is 3600.0 s behind that of Redis`);
    expect(problems.map(({ code }) => code)).to.not.include('clock_wrong');
    await site.stage('reporter');
    await site.runner('r1', { vitals: vitals({ clockAhead: 600_000 }) });
    expect(await site.page('/runners')).to.include('its clock is 600.0 s ahead of that of Redis');
    await site.runner('r1');
  });

  it('shows why a runner takes no jobs', async () => {
    const message = 'takes no jobs: disk full: 3 MB free in /work, 512 MB needed';
    const problem = { code: 'runner_unfit', message, remedy: 'Mend that.' };
    await site.runner('r1', { problems: [problem] });
    const found = (await status()).problems.find(({ code }) => code === 'runner_unfit');
    expect(found).to.deep.equal({ ...problem, message: `runner r1 on ${hostname()}: ${message}` });
    expect((await site.json('/api/v1/runners')).runners[0].problems).to.deep.equal([problem]);
    expect(await site.page('/runners')).to.include(message);
    await site.runner('r1');
    expect(await codes()).to.not.include('runner_unfit');
  });

  it('shows the job that has waited longest, and why', async () => {
    expect((await status()).oldest).to.equal(null);
    const build = await site.build('sample', {}, [{ name: 'first', labels: ['riscv'] }]);
    await site.build('sample', {}, [{ name: 'second' }]);
    const { oldest } = await status();
    expect(oldest).to.include({ build, job: job(build), repo: 'sample', name: 'first', status: 'queued' });
    expect(oldest?.why).to.equal('no runner has the label "riscv"');
    for (const open of [build, String(Number(build) + 1) as BuildId]) await site.finish({ job: job(open), attempt: 1 });
  });

  it('counts open builds and the messages of each queue', async () => {
    const running = await site.build('sample');
    await site.begin({ job: job(running), attempt: 1 });
    await site.build('sample');
    await site.context.queues.sendAdvance({ v: 1, build: running });
    const { builds, queues } = await status();
    expect(builds).to.deep.equal({ queued: 1, running: 1 });
    expect(queues.find(({ name }) => name === 'advance')).to.include({ waiting: 1, active: 0, failed: 0 });
  });

  it('names the labels of waiting jobs that no runner has', async () => {
    await site.runner('r1', { labels: ['linux'] });
    await sendJob(await site.build('sample'), ['linux']);
    expect(await codes()).to.not.include('no_matching_runner');
    await sendJob(await site.build('sample'), ['gpu', 'linux']);
    const problem = (await status()).problems.find(({ code }) => code === 'no_matching_runner');
    expect(problem?.message).to.equal('1 job is waiting: no runner has the labels "gpu" and "linux"');
    expect(problem?.remedy).to.include('--labels gpu,linux');
    await site.runner('r2', { labels: ['gpu', 'linux', 'x64'] });
    expect(await codes()).to.not.include('no_matching_runner');
  });

  it('says that no runner isolates the waiting jobs of pull requests', async () => {
    await site.runner('bare', { plans: plansOf(false) });
    const job = jobMessageOf('1-1', { pullRequest: 7 });
    await site.context.queues.sendJobs([{ message: job, priority: 1, queue: ['plan:pull-request'] }]);
    const problem = (await status()).problems.find(({ code }) => code === 'no_matching_runner');
    expect(problem).to.include({
      message: '1 job is waiting: no runner isolates jobs, as those of pull requests have to be',
      remedy: 'Start one with `volt runner`, or set VOLT_ISOLATION=sandbox for one.',
    });
    await site.context.queues.queue('jobs.plan=pull-request').remove('1-1.1');
  });

  it('names the machine that lacks a runner or an observer', async () => {
    await site.stage('observer');
    await site.repository('local', { url: '/srv/git/local', host: 'Box.Example' });
    await sendJob(await site.build('local'), ['host:box.example']);
    const { problems, queues } = await status();
    const remedies = Object.fromEntries(problems.map(({ code, remedy }) => [code, remedy]));
    expect(remedies).to.include({
      no_matching_runner: 'Start one with `volt runner` on the machine box.example.',
      no_observer_on_machine: 'Start `volt observer` on Box.Example.',
    });
    expect(queues.map(({ name }) => name)).to.include('observe.box.example');
  });

  it('reports repositories that cannot be polled', async () => {
    const error = new VoltError('fetch_failed', 'cannot fetch', { remedy: 'See whether it is up.' });
    await noteObserveError(site.context.database, 'sample', error);
    const told = (await status()).problems.find(({ code }) => code === 'fetch_failed');
    expect(told).to.include({ remedy: 'See whether it is up.' });
    expect(told?.message).to.match(/^repository sample: cannot fetch \(first seen (just now|\d+ s ago)\)$/);
    await noteObserveError(site.context.database, 'sample', error, () => 60_000);
    const pausing = (await status()).problems.find(({ code }) => code === 'fetch_failed');
    expect(pausing?.remedy).to.match(/^See whether it is up\. The next poll is in \d+ s; .*volt trigger sample/);
    await noteObserved(site.context.database, 'sample', { defaultBranch: 'main', notice: null });
    expect(await codes()).to.not.include('fetch_failed');
  });

  it('answers the health check', async () => {
    const answer = await site.fetch('/healthz');
    expect([answer.status, (await bodyOf(answer)).status]).to.deep.equal([200, 'ok']);
  });

  it('reports promptly that Redis is gone and that it is back', async () => {
    await site.redis.kill();
    try {
      await until('the outage to be seen', async () => (await site.fetch('/healthz')).status === 503);
      expect(await site.json('/healthz')).to.deep.equal({ status: 'failing', record: true, redis: false });
      await site.build('sample');
      const { redis, problems, stages, runners, oldest } = await status();
      expect(redis.reachable).to.equal(false);
      expect(new Set(stages.map(({ alive }) => alive))).to.deep.equal(new Set([null]));
      expect(runners).to.equal(null);
      expect(oldest?.why).to.equal('unknown: Redis does not answer');
      const page = await site.page('/runners');
      expect(page)
        .to.include('unknown')
        .and.to.not.match(/not running|No runners\.|0 of 0 slots/);
      const metrics = await (
        await site.fetch('/metrics', { headers: { authorization: `Bearer ${site.token}` } })
      ).text();
      expect(metrics)
        .to.include('volt_redis_up 0')
        .and.to.not.match(/^volt_(runners|slots|stage_members)\b/m);
      expect(problems[0]?.code).to.equal('redis_unreachable');
      expect((await site.fetch('/api/v1/runners')).status).to.equal(503);
      expect((await site.fetch('/')).status).to.equal(200);
      expect((await site.fetch('/runners')).status).to.equal(200);
    } finally {
      await site.redis.start();
    }
    await until('Redis to be seen again', async () => (await site.fetch('/healthz')).status === 200);
  });
});

function vitals(change: Partial<Vitals> = {}): Vitals {
  const last = { at: new Date().toISOString(), level: 'warn', message: 'a disk is slow', about: {} };
  const warnings = { count: 1, last };
  return { memory: 1, cpu: 1, lag: 0, reconnects: 0, diskFree: 1, diskLow: false, warnings, ...change };
}
