import { sql } from 'kysely';
import type { PastResult, Test } from '../kernel/model/test-shapes.ts';
import type { BuildId } from '../kernel/model.ts';
import type { Database } from './database.ts';
import { stackOf } from './test-results.ts';
import { stateOrder } from './test-tables.ts';
import { holds } from './text-search.ts';

/** `state`: those that fail, then flaky ones, then others, each by suite and name. */
export const testOrders = ['state', 'newest', 'failing', 'slowest', 'flaky'] as const;
export type TestOrder = (typeof testOrders)[number];

/**
 * The column of each other order, highest first; tests without a value are left out. `newest` is by the last build, and so is
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
  /** only tests of this suite */
  suite?: string | undefined;
  /** only tests with this text in suite or name; case does not matter */
  q?: string | undefined;
  limit: number;
  /** `next` of the page before */
  after?: string | undefined;
}

/** The tests of a repository, page by page. */
export async function listTests(
  database: Database,
  { repo, sort, suite, q, limit, after }: TestPage,
): Promise<{ tests: Test[]; next: string | null }> {
  let query = testRows(database)
    .where('tests.repo', '=', repo)
    .limit(limit + 1);
  if (suite !== undefined) query = query.where('tests.suite', '=', suite);
  if (q !== undefined) query = query.where((eb) => eb.or([holds('tests.suite', q), holds('tests.name', q)]));
  if (sort === 'failing') query = query.where('tests.status', 'in', ['failed', 'error']);
  const column = sort === 'state' ? undefined : orderColumns[sort];
  const [value, id] = after?.split('~').map(Number) ?? [];
  if (column === undefined) {
    for (const part of byState) query = query.orderBy(sql.raw(part));
    if (id !== undefined) query = query.where(isAfter(id, repo));
  } else {
    query = query
      .where(`tests.${column}`, '>=', sort === 'flaky' ? 1 : 0)
      .orderBy(`tests.${column}`, 'desc')
      .orderBy('tests.id', 'desc');
    if (value !== undefined && id !== undefined)
      query = query.where((eb) => eb(eb.refTuple(`tests.${column}`, 'tests.id'), '<', eb.tuple(value, id)));
  }
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = last && rows.length > limit ? `${column === undefined ? 0 : last[column]}~${last.id}` : null;
  return { tests: page.map(testOf), next };
}

const byState = stateOrder('tests.');

/** Whether a test comes after another one of the repository in the order `state`. Nothing comes after one of another repository. */
function isAfter(id: number, repo: string) {
  const place = sql.raw(byState.join(', '));
  return sql<boolean>`(${place}) > (select ${place} from tests where tests.id = ${id} and tests.repo = ${repo})`;
}

/** A suite of a repository: how many tests it has, and how many of them fail now. */
export interface Suite {
  suite: string;
  tests: number;
  failing: number;
}

/** The suites of a repository, by name. */
export async function suitesOf(database: Database, repo: string, limit: number): Promise<Suite[]> {
  return database.db
    .selectFrom('tests')
    .select(({ fn, eb }) => [
      'suite',
      fn.countAll<number>().as('tests'),
      fn.sum<number>(eb.case().when('status', 'in', ['failed', 'error']).then(1).else(0).end()).as('failing'),
    ])
    .where('repo', '=', repo)
    .groupBy('suite')
    .orderBy('suite')
    .limit(limit)
    .execute();
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

interface HistoryPage {
  /** only results that failed or had an error */
  failed?: boolean;
  limit: number;
  /** `next` of the page before */
  before?: string | undefined;
}

/** The results of a test, newest build first. */
export async function historyOf(
  database: Database,
  test: string,
  { failed = false, limit, before }: HistoryPage,
): Promise<{ results: PastResult[]; next: string | null }> {
  let query = database.db
    .selectFrom('test_results as result')
    .innerJoin('builds', 'builds.id', 'result.build_id')
    .innerJoin('jobs', 'jobs.id', 'result.job_id')
    .select(['result.id', 'result.build_id', 'result.job_id as job', 'result.attempt', 'result.status'])
    .select(['result.duration', 'result.message', 'result.details', 'result.created_at'])
    .select(['result.expected', 'result.actual', 'result.stack'])
    .select(['builds.number', 'builds.ref', 'builds.sha', 'jobs.name as jobName'])
    .where('result.test_id', '=', Number(test))
    .orderBy('result.build_id', 'desc')
    .orderBy('result.id', 'desc')
    .limit(limit + 1);
  if (failed) query = query.where('result.failed', '=', 1);
  if (before !== undefined) {
    const [build, id] = before.split('~').map(Number);
    query = query.where((eb) => eb(eb.refTuple('result.build_id', 'result.id'), '<', eb.tuple(build ?? 0, id ?? 0)));
  }
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const results = page.map(({ id, build_id, created_at, stack, ...row }) => ({
    ...row,
    stack: stackOf(stack),
    id: String(id),
    build: String(build_id) as BuildId,
    at: new Date(created_at).toISOString(),
  }));
  return { results, next: last && rows.length > limit ? `${last.build_id}~${last.id}` : null };
}
