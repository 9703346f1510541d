import type { BuildId, JobId, TestStatus } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** The history of a test in all builds that are kept. */
export interface Test {
  /** decimal number */
  id: string;
  suite: string;
  name: string;
  file: string | null;
  /** the newest */
  status: TestStatus;
  /** number of results other than skipped, and of those that did not pass */
  runs: number;
  failures: number;
  /** mean in milliseconds, weighted towards the newest results */
  duration: number | null;
  lastBuild: BuildId;
  flaky: Flakiness | null;
}

export interface Flakiness {
  /** number of commits at which it was flaky, see flaky-tests.ts */
  commits: number;
  /** the newest of them */
  sha: string;
  /** the build that first showed it, and its commit; null if it was pruned */
  since: BuildId;
  sinceSha: string | null;
  at: string;
}

export const testOrders = ['newest', 'slowest', 'flaky'] as const;
export type TestOrder = (typeof testOrders)[number];

/** The column of each order, highest first; tests without a value are left out. `newest` is by the last build. */
const orderColumns = { newest: 'last_build', slowest: 'duration', flaky: 'flaky_commits' } as const;

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

/** One result of a test, in any attempt of a job. */
export interface PastResult {
  id: string;
  build: BuildId;
  /** of the build in its repository */
  number: number;
  ref: string;
  sha: string;
  job: JobId;
  jobName: string;
  attempt: number;
  status: TestStatus;
  duration: number | null;
  message: string | null;
  details: string | null;
  at: string;
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
    .select(['result.id', 'result.build_id', 'result.job_id', 'result.attempt', 'result.status', 'result.duration'])
    .select(['result.message', 'result.details', 'result.created_at', 'builds.number', 'builds.ref', 'builds.sha'])
    .select('jobs.name')
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
  const results = page.map((row) => ({
    id: String(row.id),
    build: String(row.build_id) as BuildId,
    number: row.number,
    ref: row.ref,
    sha: row.sha,
    job: row.job_id,
    jobName: row.name,
    attempt: row.attempt,
    status: row.status,
    duration: row.duration,
    message: row.message,
    details: row.details,
    at: new Date(row.created_at).toISOString(),
  }));
  return { results, next: last && rows.length > limit ? `${last.build_id}~${last.id}` : null };
}
