import { expect } from 'chai';
import type { BuildId } from '../../src/kernel/model.ts';
import { parseRange } from '../../src/kernel/statistics-range.ts';
import type { Database } from '../../src/record/database.ts';
import { groupsOf, percentilesOf, startOf } from '../../src/record/statistic-groups.ts';
import { statisticsOf } from '../../src/record/statistics.ts';
import { fillWithOldBuilds } from '../support/old-builds.ts';
import { plansOf } from '../support/query-plans.ts';
import { plannedJob, recordedBuild, withRecord } from '../support/record.ts';

const second = 1000;
const day = 24 * 3600 * second;

interface Past {
  status?: 'success' | 'failure' | 'error' | 'cancelled';
  /** seconds */
  waited?: number;
  took?: number;
  daysAgo?: number;
  ref?: string;
  tests?: { passed: number; failed: number; skipped: number; total: number; listed: number };
}

describe('the statistics of a repository', () => {
  let database: Database;
  withRecord((opened) => {
    database = opened;
  });

  /** A build with the jobs `unit` and `lint`, which takes half as long, as the reporter has left it. */
  async function past({ status = 'success', waited = 1, took = 10, daysAgo = 0, ref, tests }: Past): Promise<BuildId> {
    const jobs = [plannedJob('unit'), plannedJob('lint')];
    const id = await recordedBuild(database, { jobs, ...(ref === undefined ? {} : { ref: `refs/heads/${ref}` }) });
    const made = Date.now() - daysAgo * day;
    const begun = made + waited * second;
    const { db } = database;
    const over = { status, started_at: begun, created_at: made };
    const ends = { unit: begun + took * second, lint: begun + (took * second) / 2 };
    await db
      .updateTable('builds')
      .set({ ...over, finished_at: ends.unit })
      .where('id', '=', Number(id))
      .execute();
    for (const name of ['unit', 'lint'] as const) {
      const job = `${id}-${name === 'unit' ? 1 : 2}` as never;
      await db
        .updateTable('jobs')
        .set({ ...over, finished_at: ends[name], attempt: 1 })
        .where('id', '=', job)
        .execute();
      const shown = name === 'unit' && tests ? JSON.stringify(tests) : null;
      await db
        .insertInto('attempts')
        .values({ ...over, job_id: job, number: 1, finished_at: ends[name], tests: shown })
        .onConflict((conflict) =>
          conflict.columns(['job_id', 'number']).doUpdateSet({ ...over, finished_at: ends[name], tests: shown }),
        )
        .execute();
    }
    return id;
  }

  const asked = (range: string, ref?: string) => {
    const parsed = parseRange(range);
    if (!parsed) throw new Error(`${range} is no range`);
    return statisticsOf(database, { repo: 'app', ref, range: parsed });
  };

  it('count verdicts, and give durations and waits by percentiles', async () => {
    for (let build = 1; build <= 20; build++) await past({ took: build, waited: build / 10 });
    await past({ status: 'failure', took: 100, waited: 50 });
    await past({ status: 'error', took: 1000 });
    await past({ status: 'cancelled', took: 1000 });
    const scheduled = await past({ took: 1000 });
    await database.db
      .updateTable('builds')
      .set({ series: 'nightly.yml' })
      .where('id', '=', Number(scheduled))
      .execute();
    const { groups, jobs, ...all } = await asked('100');
    expect(all).to.deep.equal({
      ...{ complete: true, passed: 20, failed: 1, errors: 1 },
      // an error has no duration, since it says nothing about how long the tests take
      duration: { p50: 11 * second, p95: 20 * second },
      wait: { p50: 1000, p95: 2 * second },
    });
    const took = [...Array.from({ length: 20 }, (_, build) => (build + 1) * second), 100 * second];
    const half = took.map((ms) => ms / 2);
    expect(jobs).to.deep.equal([
      { name: 'unit', workflow: null, runs: 21, failed: 1, duration: { p50: 11_000, p95: 20_000 }, newest: took },
      { name: 'lint', workflow: null, runs: 21, failed: 1, duration: { p50: 5500, p95: 10_000 }, newest: half },
    ]);
    expect(groups).to.have.lengthOf(22);
    expect(groups.at(-2)).to.deep.include({ passed: 0, failed: 1, wait: { p50: 50_000, p95: 50_000 } });
    expect(groups.at(-1)).to.deep.include({ errors: 1, duration: null });
  });

  it('are of the last builds, of the last days, and of one branch, as asked for', async () => {
    await past({ daysAgo: 40 });
    await past({ daysAgo: 3, status: 'failure', ref: 'dev' });
    const last = await past({});
    const counts = async (range: string, ref?: string) => {
      const { passed, failed, groups } = await asked(range, ref);
      return [passed, failed, groups.length];
    };
    expect(await counts('100')).to.deep.equal([2, 1, 3]);
    expect(await counts('1')).to.deep.equal([1, 0, 1]);
    expect(await counts('7d')).to.deep.equal([1, 1, 28]);
    expect(await counts('90d')).to.deep.equal([2, 1, 90]);
    expect(await counts('100', 'refs/heads/dev')).to.deep.equal([0, 1, 1]);
    expect(await counts('100', 'refs/heads/none')).to.deep.equal([0, 0, 0]);
    const { groups } = await asked('30d');
    expect(groups.filter(({ builds }) => builds !== null)).to.have.lengthOf(2);
    expect(groups.at(-1)?.builds).to.deep.include({ first: last, last });
  });

  it('have the tests of the newest build of each point that has run them', async () => {
    const tests = { passed: 40, failed: 1, skipped: 2, total: 43, listed: 43 };
    await past({ status: 'failure', tests });
    await past({ status: 'error' });
    await past({});
    const { groups } = await asked('100');
    expect(groups.map((group) => group.tests)).to.deep.equal([{ total: 43, failed: 1, skipped: 2 }, null, null]);
    expect((await asked('30d')).groups.at(-1)?.tests).to.equal(null);
  });

  it('are empty for a repository without builds', async () => {
    const none = { complete: true, passed: 0, failed: 0, errors: 0, duration: null, wait: null, groups: [], jobs: [] };
    expect(await asked('100')).to.deep.equal(none);
    expect((await asked('7d')).groups).to.have.lengthOf(28);
  });

  it('take a few queries, which use an index, however many builds there are', async () => {
    await past({ status: 'failure' });
    await fillWithOldBuilds(database, 'app');
    const plans = await plansOf(database, (from) =>
      statisticsOf(from, { repo: 'app', ref: undefined, range: { builds: 1 } }),
    );
    expect(plans).to.not.deep.equal([]);
    expect(plans.filter((step) => /(^SCAN|Seq Scan on) (builds|jobs|attempts)\b/.test(step))).to.deep.equal([]);
  });
});

describe('the points of a chart', () => {
  const now = Date.parse('2026-05-10T10:20:30Z');
  const at = (createdAt: number) => ({ createdAt });

  it('are whole days in UTC, or parts of a day, up to now', () => {
    const times = (days: number) => groupsOf([], { days }, now).map(({ from }) => new Date(from).toISOString());
    expect([times(30).length, times(30)[0], times(30).at(-1)]).to.deep.equal([
      30,
      '2026-04-11T00:00:00.000Z',
      '2026-05-10T00:00:00.000Z',
    ]);
    expect([times(7).length, times(7).at(-1)]).to.deep.equal([28, '2026-05-10T06:00:00.000Z']);
    for (const days of [1, 2, 3, 14, 15, 90, 120, 121, 365])
      expect(times(days).length, String(days)).to.be.within(12, 120);
    expect(startOf({ days: 30 }, now)).to.equal(Date.parse('2026-04-11T00:00:00Z'));
    expect(startOf({ days: 30, utcOffset: 120 }, now)).to.equal(Date.parse('2026-04-10T22:00:00Z'));
  });

  it('have the builds of their time', () => {
    const builds = [at(now - 2 * day), at(now - 1), at(now)];
    expect(groupsOf(builds, { days: 3 }, now).flatMap((group) => group.builds.length)).to.deep.equal([
      ...[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2],
    ]);
  });

  it('are some hundred at most, of equally many builds, with a full one at the end', () => {
    const sizes = (count: number) =>
      groupsOf(
        Array.from({ length: count }, (_, index) => at(index)),
        { builds: 2000 },
        now,
      ).map(({ builds }) => builds.length);
    expect(sizes(3)).to.deep.equal([1, 1, 1]);
    expect(sizes(100)).to.have.lengthOf(100);
    expect([sizes(250).length, sizes(250)[0], sizes(250).at(-1)]).to.deep.equal([84, 1, 3]);
    expect(sizes(2000)).to.have.lengthOf(100);
  });

  it('have percentiles by nearest rank', () => {
    expect(percentilesOf([])).to.equal(null);
    expect(percentilesOf([null])).to.equal(null);
    expect(percentilesOf([7])).to.deep.equal({ p50: 7, p95: 7 });
    expect(percentilesOf([10, null, 2, 1])).to.deep.equal({ p50: 2, p95: 10 });
  });
});

describe('a range of statistics', () => {
  it('is days or a number of builds, within bounds', () => {
    expect(['7d', '365d', '1', '2000'].map(parseRange)).to.deep.equal([
      ...[{ days: 7 }, { days: 365 }, { builds: 1 }, { builds: 2000 }],
    ]);
    for (const text of ['', '0', '0d', '366d', '2001', '-1', '1.5', '7 d', 'd', '1e3', '99999'])
      expect(parseRange(text), text).to.equal(undefined);
  });
});
