import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { count, observe } from '../../src/redis/tallies.ts';
import { until } from '../support/until.ts';
import { job, rawRequest, Site } from './site.ts';

describe('web: the metrics', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
  });
  after(() => site.stop());

  /** Values by series, as Prometheus reads them. */
  async function scrape(): Promise<Map<string, number>> {
    const answer = await site.fetch('/metrics');
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    );
  }

  it('have the state of queues, runners, stages, Redis, database and disk', async () => {
    await site.runner('r1', { slots: 3, running: ['1-1.1'] });
    await site.stage('dispatcher');
    const build = await site.build('sample');
    await site.context.queues.sendAdvance({ v: 1, build });
    const values = await scrape();
    expect(values.get('volt_redis_up')).to.equal(1);
    expect(values.get('volt_builds_open{status="queued"}')).to.equal(1);
    expect(values.get('volt_slots')).to.equal(3);
    expect(values.get('volt_slots_busy')).to.equal(1);
    expect(values.get('volt_stage_members{stage="dispatcher"}')).to.equal(1);
    expect(values.get('volt_stage_members{stage="reporter"}')).to.equal(0);
    expect(values.get('volt_queue_messages{queue="advance",state="waiting"}')).to.equal(1);
    expect(values.get('volt_record_bytes')).to.be.above(4096);
    await site.finish({ job: job(build), attempt: 1 });
  });

  it('have the measurements of each process from its heartbeat', async () => {
    const own = await until('the heartbeat of this stage', async () => {
      const values = await scrape();
      return [...values].filter(([name]) => name.includes(`stage="web"`) && name.includes(`pid="${process.pid}"`));
    });
    const names = own.map(([name]) => name.replace(/\{.*/, ''));
    expect(names).to.include.members([
      'volt_process_resident_memory_bytes',
      'volt_process_cpu_seconds_total',
      'volt_process_event_loop_lag_seconds',
      'volt_process_redis_reconnects_total',
    ]);
  });

  it('have the counters and histograms of all stages', async () => {
    const { access } = site.context;
    for (const seconds of [0.2, 3, 3]) observe(access, 'queue_wait', ['sample', 'gpu,linux'], seconds);
    count(access, 'attempts_lost', ['runner_lost']);
    const values = await until('they are counted', async () => {
      const seen = await scrape();
      return seen.has('volt_attempts_lost_total{reason="runner_lost"}') && seen;
    });
    const series = (end: string, more = '') =>
      values.get(`volt_queue_wait_seconds${end}{repo="sample",labels="gpu,linux"${more}}`);
    expect(series('_bucket', ',le="0.1"')).to.equal(0);
    expect(series('_bucket', ',le="0.5"')).to.equal(1);
    expect(series('_bucket', ',le="5"')).to.equal(3);
    expect(series('_bucket', ',le="+Inf"')).to.equal(3);
    expect(series('_count')).to.equal(3);
    expect(series('_sum')).to.be.closeTo(6.2, 1e-9);
  });

  it('are exactly those of docs/operating.md', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/operating.md'), 'utf8');
    const section = page.slice(page.indexOf('| metric |'), page.indexOf('The number of series'));
    const described = [...section.matchAll(/`(volt_\w+)`/g)].map(([, name]) => name);
    const told = [...(await (await site.fetch('/metrics')).text()).matchAll(/^# HELP (\w+) /gm)].map(
      ([, name]) => name,
    );
    expect(told.sort()).to.deep.equal(described.sort());
  });

  it('are open to this machine, or with a token', async () => {
    const passedOn = { 'x-forwarded-for': '10.0.0.1' };
    expect((await rawRequest(`${site.url}/metrics`, passedOn)).status).to.equal(401);
    const authorization = `Bearer ${site.token}`;
    expect((await rawRequest(`${site.url}/metrics`, { ...passedOn, authorization })).status).to.equal(200);
  });

  it('are answered while Redis is away, too', async () => {
    await site.redis.kill();
    await until('the outage to be seen', async () => (await scrape()).get('volt_redis_up') === 0);
    await site.redis.start();
  });
});
