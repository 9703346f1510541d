import { sql } from 'kysely';
import type { JobStatistics, RepositoryStatistics, StatisticsGroup } from '../kernel/model/statistics-shapes.ts';
import type { BuildId, TestSummary } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { mostCounted, type StatisticsRange } from '../kernel/statistics-range.ts';
import type { Database } from './database.ts';
import { pushes } from './series.ts';
import { type Group, groupsOf, percentilesOf, startOf } from './statistic-groups.ts';

/** Jobs whose attempts are read, at most: the newest. */
const mostJobs = 12_000;
/** Jobs that are listed, and runs of each whose durations are. */
const listedJobs = 20;
const listedRuns = 40;

interface Counted {
  repo: string;
  /** full name; undefined for all refs */
  ref: string | undefined;
  range: StatisticsRange;
}

interface CountedBuild {
  id: number;
  number: number;
  status: 'success' | 'failure' | 'error';
  createdAt: number;
  /** milliseconds; null if it has not started, or ended in an error */
  duration: number | null;
  /** milliseconds that its first attempt waited for a runner; null if none has started */
  wait: number | null;
}

/**
 * How the builds of pushes and pull requests of a repository have been: verdicts, durations, waiting and tests over a range. The number
 * of queries is always the same, and each has a bound, so that a page takes as long with a million builds as with some thousand.
 */
export async function statisticsOf(database: Database, counted: Counted): Promise<RepositoryStatistics> {
  const now = serverNow();
  const { builds: found, complete } = await buildsOf(database, counted, now);
  const [oldest, newest] = [found[0]?.id, found.at(-1)?.id];
  if (oldest === undefined || newest === undefined) {
    const groups = groupsOf<CountedBuild>([], counted.range, now).map((group) => pointOf(group, new Map()));
    return { complete, ...verdictsOf([]), duration: null, wait: null, groups, jobs: [] };
  }
  const span = { ...counted, oldest, newest };
  const waits = await waitsOf(database, span);
  const builds = found.map((build) => ({ ...build, wait: waits.get(build.id) ?? null }));
  const groups = groupsOf(builds, counted.range, now);
  const tests = await testsOf(
    database,
    groups.flatMap((group) => testedOf(group)?.id ?? []),
  );
  return {
    complete,
    ...verdictsOf(builds),
    duration: percentilesOf(builds.map(({ duration }) => duration)),
    wait: percentilesOf(builds.map(({ wait }) => wait)),
    groups: groups.map((group) => pointOf(group, tests)),
    jobs: await jobsOf(database, span),
  };
}

/** The builds of the range that passed, failed or ended in an error, oldest first, without their waits. */
async function buildsOf(
  { db }: Database,
  { repo, ref, range }: Counted,
  now: number,
): Promise<{ builds: CountedBuild[]; complete: boolean }> {
  let query = db
    .selectFrom('builds')
    .select(['id', 'number', 'status', 'created_at', 'started_at', 'finished_at', 'idle'])
    .where('repo', '=', repo)
    .where('series', '=', pushes);
  if (ref !== undefined) query = query.where('ref', '=', ref);
  // bounded by a number, not by time: the database has no index for that; one more shows whether there are others
  const rows = await query
    .orderBy('id', 'desc')
    .limit(mostCounted + 1)
    .execute();
  const newest = rows.slice(0, mostCounted);
  const start = startOf(range, now);
  const inRange = start === undefined ? newest : newest.filter(({ created_at: at }) => at >= start);
  const builds = inRange.flatMap(({ status, ...row }): CountedBuild[] => {
    if (status !== 'success' && status !== 'failure' && status !== 'error') return [];
    const { started_at: begun, finished_at: over } = row;
    const duration =
      status === 'error' || begun === null || over === null ? null : Math.max(0, over - begun - row.idle);
    return [{ id: row.id, number: row.number, status, createdAt: row.created_at, duration, wait: null }];
  });
  const wanted = 'builds' in range ? builds.slice(0, range.builds) : builds;
  const isFull = 'builds' in range ? wanted.length === range.builds : inRange.length < newest.length;
  return { builds: wanted.reverse(), complete: isFull || rows.length <= mostCounted };
}

interface Span extends Omit<Counted, 'range'> {
  /** ids of the first and the last build */
  oldest: number;
  newest: number;
}

/** The newest jobs of the builds. */
function newestJobs({ db }: Database, { repo, ref, oldest, newest }: Span) {
  const query = db
    .selectFrom('builds')
    .innerJoin('jobs', 'jobs.build_id', 'builds.id')
    .where('builds.repo', '=', repo)
    .where('builds.series', '=', pushes)
    .where('builds.id', '>=', oldest)
    .where('builds.id', '<=', newest)
    .orderBy('builds.id', 'desc')
    .limit(mostJobs);
  return ref === undefined ? query : query.where('builds.ref', '=', ref);
}

/** How long (ms) the first started attempt of each build waited for a runner. Retries do not count. */
async function waitsOf(database: Database, span: Span): Promise<Map<number, number>> {
  const rows = await database.db
    .selectFrom(newestJobs(database, span).select(['jobs.id', 'jobs.build_id']).as('job'))
    .innerJoin('attempts', 'attempts.job_id', 'job.id')
    .select('job.build_id')
    .select((eb) => [eb.fn.min('attempts.created_at').as('queued'), eb.fn.min('attempts.started_at').as('begun')])
    .groupBy('job.build_id')
    .execute();
  return new Map(
    rows.flatMap(({ build_id, queued, begun }): [number, number][] =>
      begun === null ? [] : [[build_id, Math.max(0, Number(begun) - Number(queued))]],
    ),
  );
}

const took = sql<number>`job.finished_at - job.started_at`;

/** The newest jobs that passed or failed. */
function endedJobs(database: Database, span: Span) {
  return newestJobs(database, span)
    .where('jobs.status', 'in', ['success', 'failure'])
    .where('jobs.started_at', 'is not', null)
    .select(['jobs.name', 'jobs.workflow', 'jobs.status', 'jobs.build_id', 'jobs.started_at', 'jobs.finished_at'])
    .as('job');
}

/** The jobs that take longest, by the names that they have in their workflows. */
async function jobsOf(database: Database, span: Span): Promise<JobStatistics[]> {
  const ranked = database.db
    .selectFrom(endedJobs(database, span))
    .select(['job.name', 'job.workflow', took.as('took')])
    .select(sql<number>`case when job.status = 'failure' then 1 else 0 end`.as('failed'))
    .select(sql<number>`row_number() over (partition by job.workflow, job.name order by ${took})`.as('place'))
    .select(sql<number>`count(*) over (partition by job.workflow, job.name)`.as('runs'))
    .as('ranked');
  const rows = await database.db
    .selectFrom(ranked)
    .select(['name', 'workflow', 'runs'])
    .select((eb) => eb.fn.sum('failed').as('failed'))
    .select([
      sql<number>`max(case when place = (runs + 1) / 2 then took end)`.as('p50'),
      sql<number>`max(case when place = (runs * 95 + 99) / 100 then took end)`.as('p95'),
    ])
    .groupBy(['name', 'workflow', 'runs'])
    .orderBy('p50', 'desc')
    .orderBy('name')
    .limit(listedJobs)
    .execute();
  const newest = await newestRuns(database, span, [...new Set(rows.map(({ name }) => name))]);
  return rows.map(({ name, workflow, runs, failed, p50, p95 }) => ({
    ...{ name, workflow, runs: Number(runs), failed: Number(failed) },
    duration: { p50: Math.max(0, Number(p50)), p95: Math.max(0, Number(p95)) },
    newest: newest.get(keyOf({ name, workflow })) ?? [],
  }));
}

/** How long (ms) the newest runs of the jobs of some names took, oldest first. */
async function newestRuns(database: Database, span: Span, names: readonly string[]): Promise<Map<string, number[]>> {
  const runs = new Map<string, number[]>();
  if (names.length === 0) return runs;
  const ranked = database.db
    .selectFrom(endedJobs(database, span))
    .where('job.name', 'in', names)
    .select(['job.name', 'job.workflow', 'job.build_id', took.as('took')])
    .select(sql<number>`row_number() over (partition by job.workflow, job.name order by job.build_id desc)`.as('place'))
    .as('ranked');
  const rows = await database.db
    .selectFrom(ranked)
    .select(['name', 'workflow', 'took'])
    .where('place', '<=', listedRuns)
    .orderBy('build_id')
    .execute();
  for (const { took, ...job } of rows) {
    const known = runs.get(keyOf(job)) ?? [];
    runs.set(keyOf(job), [...known, Math.max(0, Number(took))]);
  }
  return runs;
}

function keyOf({ name, workflow }: Pick<JobStatistics, 'name' | 'workflow'>): string {
  return JSON.stringify([workflow, name]);
}

type Tests = NonNullable<StatisticsGroup['tests']>;

/** The tests of some builds, by the current attempts of their jobs. */
async function testsOf({ db }: Database, builds: readonly number[]): Promise<Map<number, Tests>> {
  const counts = new Map<number, Tests>();
  if (builds.length === 0) return counts;
  const rows = await db
    .selectFrom('jobs')
    .innerJoin('attempts', (join) =>
      join.onRef('attempts.job_id', '=', 'jobs.id').onRef('attempts.number', '=', 'jobs.attempt'),
    )
    .select(['jobs.build_id', 'attempts.tests'])
    .where('jobs.build_id', 'in', builds)
    .where('attempts.tests', 'is not', null)
    .limit(mostJobs)
    .execute();
  for (const { build_id: build, tests } of rows) {
    const { total, failed, skipped } = JSON.parse(tests ?? '{}') as TestSummary;
    const known = counts.get(build) ?? { total: 0, failed: 0, skipped: 0 };
    counts.set(build, {
      total: known.total + total,
      failed: known.failed + failed,
      skipped: known.skipped + skipped,
    });
  }
  return counts;
}

/** The build whose tests stand for a group: an error may have come before the tests. */
function testedOf({ builds }: Group<CountedBuild>): CountedBuild | undefined {
  return builds.findLast(({ status }) => status !== 'error');
}

function pointOf(group: Group<CountedBuild>, tests: ReadonlyMap<number, Tests>): StatisticsGroup {
  const { builds } = group;
  const [first, last] = [builds[0], builds.at(-1)];
  const idOf = ({ id }: CountedBuild) => String(id) as BuildId;
  return {
    from: new Date(group.from).toISOString(),
    to: new Date(group.to).toISOString(),
    builds:
      first && last
        ? { first: idOf(first), firstNumber: first.number, last: idOf(last), lastNumber: last.number }
        : null,
    ...verdictsOf(builds),
    duration: percentilesOf(builds.map(({ duration }) => duration)),
    wait: percentilesOf(builds.map(({ wait }) => wait)),
    tests: tests.get(testedOf(group)?.id ?? 0) ?? null,
  };
}

function verdictsOf(builds: readonly CountedBuild[]) {
  const count = (one: CountedBuild['status']) => builds.filter(({ status }) => status === one).length;
  return { passed: count('success'), failed: count('failure'), errors: count('error') };
}
