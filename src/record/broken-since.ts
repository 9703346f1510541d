import { sql } from 'kysely';
import type { BuildId, BuildSummary } from '../kernel/model.ts';
import { withPeople } from './build-people.ts';
import { summaryOf } from './builds.ts';
import type { Database, Sql } from './database.ts';
import type { BuildRow } from './schema.ts';
import { nobody } from './visibility.ts';

/** The most failures of a ref that are looked at for one that is not of flaky tests alone. */
export const mostFailures = 20;

/**
 * Which build broke the ref of each of the given builds: the first failure after the last success before the build, up to the build
 * itself, without failures of flaky tests alone; of the series of the build alone, see series.ts. Only `failure` counts as broken: an
 * error, a cancelled or a skipped build says nothing about its commit. Each ref takes a few steps into an index, however long its
 * history, and all of them together two queries.
 * @param reader who is to see them
 * @returns by the id of the given build; without those whose ref was whole, and those that are in no series
 */
export async function brokenSince(
  database: Database,
  builds: readonly BuildId[],
  reader = nobody,
): Promise<Map<BuildId, BuildSummary>> {
  if (builds.length === 0) return new Map();
  const failures = await failuresUpTo(database, builds);
  const flaky = await ofFlakyTestsAlone(database, [...new Set(failures.map(({ id }) => id))]);
  const broken = new Map<BuildId, BuildSummary>();
  for (const { asked, ...failure } of failures) {
    const of = String(asked) as BuildId;
    if (!broken.has(of) && !flaky.has(failure.id)) broken.set(of, summaryOf(failure));
  }
  const named = await withPeople(database, [...broken.values()], reader);
  return new Map([...broken.keys()].map((of, index) => [of, named[index] as BuildSummary]));
}

type Failure = BuildRow & { asked: number };

/** The first failures of the ref of each build since its last success, oldest first. */
async function failuresUpTo(database: Database, builds: readonly BuildId[]): Promise<Failure[]> {
  const ids = sql.join(builds.map(Number));
  const { rows } = await sql<Failure>`
    with asked as (
      select id as asked, repo, ref, series, (
        select good.id from builds as good
        where good.repo = builds.repo and good.ref = builds.ref and good.status = 'success'
          and good.series = builds.series and good.id < builds.id
        order by good.id desc limit 1) as good
      from builds where id in (${ids})
    ), bounded as (
      select asked.*, (
        select late.id from builds as late
        where late.repo = asked.repo and late.ref = asked.ref and late.status = 'failure'
          and late.series = asked.series and late.id > coalesce(asked.good, 0)
        order by late.id limit 1 offset ${mostFailures}) as beyond
      from asked
    )
    select failure.*, bounded.asked from bounded
    inner join builds as failure on failure.repo = bounded.repo and failure.ref = bounded.ref
      and failure.status = 'failure' and failure.series = bounded.series
      and failure.id > coalesce(bounded.good, 0) and failure.id <= bounded.asked
      and (bounded.beyond is null or failure.id < bounded.beyond)
    order by failure.id`.execute(database.db);
  return rows;
}

/** Those of the builds whose failed jobs all have failed tests, and all of these are known to be flaky. */
export async function ofFlakyTestsAlone({ db }: { db: Sql }, builds: readonly number[]): Promise<Set<number>> {
  if (builds.length === 0) return new Set();
  const jobs = await db
    .selectFrom('jobs')
    .select(['jobs.id', 'jobs.build_id'])
    .select((eb) => {
      const failed = eb
        .selectFrom('test_results as result')
        .innerJoin('tests', 'tests.id', 'result.test_id')
        .whereRef('result.job_id', '=', 'jobs.id')
        .whereRef('result.attempt', '=', 'jobs.attempt')
        .where('result.failed', '=', 1);
      return [
        failed.select(({ fn }) => fn.countAll<number>().as('count')).as('failed'),
        failed
          .where('tests.flaky_commits', '>', 0)
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .as('flaky'),
      ];
    })
    .where('jobs.build_id', 'in', builds)
    .where('jobs.status', '=', 'failure')
    .execute();
  const flaky = new Set(jobs.map(({ build_id }) => build_id));
  for (const { build_id, failed, flaky: known } of jobs)
    if (Number(failed) === 0 || Number(failed) !== Number(known)) flaky.delete(build_id);
  return flaky;
}
