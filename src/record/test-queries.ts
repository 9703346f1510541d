import type { RecordedResult } from '../kernel/model/test-shapes.ts';
import type { AttemptRef, BuildId, JobId, TestStatus } from '../kernel/model.ts';
import type { Database } from './database.ts';
import { rank, stackOf } from './test-results.ts';

export interface ResultFilter {
  build: BuildId;
  job?: JobId | undefined;
  /** only tests that failed or had an error */
  failed: boolean;
  limit: number;
  /** only results after the one with this id */
  after?: string | undefined;
}

/** Results of the current attempts of a build's jobs, in the order in which they were recorded. */
export async function resultsOf(database: Database, filter: ResultFilter): Promise<RecordedResult[]> {
  let query = database.db
    .selectFrom('test_results as result')
    .innerJoin('tests', 'tests.id', 'result.test_id')
    .innerJoin('jobs', (join) =>
      join.onRef('jobs.id', '=', 'result.job_id').onRef('jobs.attempt', '=', 'result.attempt'),
    )
    .select(['result.id', 'result.test_id', 'result.job_id as job', 'result.status', 'result.duration'])
    .select([
      'result.message',
      'result.details',
      'result.expected',
      'result.actual',
      'result.stack',
      'tests.suite',
      'tests.name',
      'tests.file',
      'tests.flaky_commits',
    ])
    .where('result.build_id', '=', Number(filter.build))
    .where('result.id', '>', Number(filter.after ?? 0))
    .orderBy('result.id')
    .limit(filter.limit);
  if (filter.failed) query = query.where('result.failed', '=', 1);
  if (filter.job !== undefined) query = query.where('result.job_id', '=', filter.job);
  const rows = await query.execute();
  const before = await statusesBefore(database, filter.build, rows);
  return rows.map(({ id, test_id, flaky_commits, stack, ...row }) => ({
    ...row,
    stack: stackOf(stack),
    id: String(id),
    test: String(test_id),
    before: before.get(test_id) ?? null,
    flaky: flaky_commits > 0,
  }));
}

/** The name of a test by one of its results; undefined if the attempt has no such result. */
export async function testOfResult(
  { db }: Database,
  { job, attempt }: AttemptRef,
  id: string,
): Promise<string | undefined> {
  const found = await db
    .selectFrom('test_results as result')
    .innerJoin('tests', 'tests.id', 'result.test_id')
    .select('tests.name')
    .where('result.id', '=', Number(id))
    .where('result.job_id', '=', job)
    .where('result.attempt', '=', attempt)
    .executeTakeFirst();
  return found?.name;
}

/** How many earlier builds are searched for one with tests. */
const mostLookedAt = 10;

/** The worst result of each test in the newest earlier build of the same ref with results. */
async function statusesBefore(
  database: Database,
  id: BuildId,
  rows: readonly { test_id: number }[],
): Promise<Map<number, TestStatus>> {
  const statuses = new Map<number, TestStatus>();
  if (rows.length === 0) return statuses;
  const build = await database.db
    .selectFrom('builds')
    .select(['repo', 'ref'])
    .where('id', '=', Number(id))
    .executeTakeFirstOrThrow();
  const earlier = await database.db
    .selectFrom('builds')
    .select('id')
    .where('repo', '=', build.repo)
    .where('ref', '=', build.ref)
    .where('id', '<', Number(id))
    .orderBy('id', 'desc')
    .limit(mostLookedAt)
    .execute();
  for (const { id: before } of earlier) {
    const results = database.db
      .selectFrom('test_results as result')
      .innerJoin('jobs', (join) =>
        join.onRef('jobs.id', '=', 'result.job_id').onRef('jobs.attempt', '=', 'result.attempt'),
      )
      .select(['result.test_id', 'result.status'])
      .where('result.build_id', '=', before);
    if (!(await results.limit(1).executeTakeFirst())) continue;
    const tests = rows.map(({ test_id }) => test_id);
    const found = await results.where('result.test_id', 'in', tests).execute();
    for (const { test_id, status } of found) {
      if (rank[status] > rank[statuses.get(test_id) ?? 'skipped'] || !statuses.has(test_id))
        statuses.set(test_id, status);
    }
    break;
  }
  return statuses;
}
