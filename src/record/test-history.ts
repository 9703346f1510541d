import type { PastResult, Test } from '../kernel/model/test-shapes.ts';
import type { BuildId } from '../kernel/model.ts';
import type { Database } from './database.ts';

export const testOrders = ['newest', 'failing', 'slowest', 'flaky'] as const;
export type TestOrder = (typeof testOrders)[number];

/**
 * The column of each order, highest first; tests without a value are left out. `newest` is by the last build, and so is
 * `failing`, which has only tests that failed in it.
 */
const orderColumns = {
  newest: 'last_build',
  failing: 'last_build',
  slowest: 'duration',
  flaky: 'flaky_commits',
} as const;

interface TestPage {
  repo: string;
  sort: TestOrder;
  limit: number;
  /** `next` of the page before */
  after?: string | undefined;
}

/** The tests of a repository, page by page. */
export async function listTests(
  database: Database,
  { repo, sort, limit, after }: TestPage,
): Promise<{ tests: Test[]; next: string | null }> {
  const column = orderColumns[sort];
  let query = testRows(database)
    .where('tests.repo', '=', repo)
    .orderBy(`tests.${column}`, 'desc')
    .orderBy('tests.id', 'desc')
    .limit(limit + 1);
  query = query.where(`tests.${column}`, '>=', sort === 'flaky' ? 1 : 0);
  if (sort === 'failing') query = query.where('tests.status', 'in', ['failed', 'error']);
  if (after !== undefined) {
    const [value, id] = after.split('~').map(Number);
    query = query.where((eb) => eb(eb.refTuple(`tests.${column}`, 'tests.id'), '<', eb.tuple(value ?? 0, id ?? 0)));
  }
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { tests: page.map(testOf), next: last && rows.length > limit ? `${last[column]}~${last.id}` : null };
}

export async function findTest(database: Database, repo: string, id: string): Promise<Test | undefined> {
  const row = await testRows(database)
    .where('tests.repo', '=', repo)
    .where('tests.id', '=', Number(id))
    .executeTakeFirst();
  return row && testOf(row);
}

function testRows(database: Database) {
  return database.db
    .selectFrom('tests')
    .leftJoin('builds', 'builds.id', 'tests.flaky_since')
    .selectAll('tests')
    .select('builds.sha as since_sha');
}

type Row = Awaited<ReturnType<ReturnType<typeof testRows>['executeTakeFirstOrThrow']>>;

function testOf(row: Row): Test {
  const { flaky_commits, flaky_sha, flaky_since, flaky_at } = row;
  const flaky =
    flaky_sha === null || flaky_since === null || flaky_at === null
      ? null
      : {
          commits: flaky_commits,
          sha: flaky_sha,
          since: String(flaky_since) as BuildId,
          sinceSha: row.since_sha,
          at: new Date(flaky_at).toISOString(),
        };
  return {
    id: String(row.id),
    suite: row.suite,
    name: row.name,
    file: row.file,
    status: row.status,
    runs: row.runs,
    failures: row.failures,
    duration: row.duration,
    lastBuild: String(row.last_build) as BuildId,
    flaky,
  };
}

/** The results of a test, newest build first. @param before `next` of the page before */
export async function historyOf(
  database: Database,
  test: string,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<{ results: PastResult[]; next: string | null }> {
  let query = database.db
    .selectFrom('test_results as result')
    .innerJoin('builds', 'builds.id', 'result.build_id')
    .innerJoin('jobs', 'jobs.id', 'result.job_id')
    .select(['result.id', 'result.build_id', 'result.job_id as job', 'result.attempt', 'result.status'])
    .select(['result.duration', 'result.message', 'result.details', 'result.created_at'])
    .select(['builds.number', 'builds.ref', 'builds.sha', 'jobs.name as jobName'])
    .where('result.test_id', '=', Number(test))
    .orderBy('result.build_id', 'desc')
    .orderBy('result.id', 'desc')
    .limit(limit + 1);
  if (before !== undefined) {
    const [build, id] = before.split('~').map(Number);
    query = query.where((eb) => eb(eb.refTuple('result.build_id', 'result.id'), '<', eb.tuple(build ?? 0, id ?? 0)));
  }
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const results = page.map(({ id, build_id, created_at, ...row }) => ({
    ...row,
    id: String(id),
    build: String(build_id) as BuildId,
    at: new Date(created_at).toISOString(),
  }));
  return { results, next: last && rows.length > limit ? `${last.build_id}~${last.id}` : null };
}
