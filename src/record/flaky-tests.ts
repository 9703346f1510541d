import { sql } from 'kysely';
import type { AttemptRef, TestStatus } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Write } from './database.ts';

/**
 * A test is flaky if its result does not follow from the commit. Either of two observations, in jobs of the same name, shows
 * it: the test has both passed and failed at one commit, in several attempts or builds; or it has started to fail
 * `mostFalls` times within the last `window` builds of one branch, and passed in between. One failure that goes away shows
 * nothing: one commit may have broken the test, and another one fixed it.
 */

/** Builds of one commit that are compared with each other. */
const mostBuildsOfCommit = 20;
const window = 20;
const mostFalls = 3;
/** If more tests fail together, something else is broken, and none of them counts as flaky. */
const mostFailures = 50;

/** A job with results of tests, and its build. */
export interface JobOfTests {
  build_id: number;
  name: string;
  workflow: string | null;
  repo: string;
  ref: string;
  sha: string;
}

/**
 * Notes which tests have just turned out to be flaky.
 * @param results each test's result in the attempt, without skipped ones
 */
export async function noteFlaky(
  db: Write,
  job: JobOfTests & AttemptRef,
  results: ReadonlyMap<number, TestStatus>,
): Promise<void> {
  const failed = [...results].filter(([, status]) => status !== 'passed').map(([test]) => test);
  const flaky = new Set([...(await contradicted(db, job, results)), ...(await fallingOften(db, job, failed))]);
  if (flaky.size === 0) return;
  await db
    .updateTable('tests')
    .set((eb) => ({
      // one commit counts once
      flaky_commits: eb
        .case()
        .when('flaky_sha', '=', job.sha)
        .then(eb.ref('flaky_commits'))
        .else(eb('flaky_commits', '+', 1))
        .end(),
      flaky_sha: job.sha,
      flaky_since: eb.fn.coalesce('flaky_since', eb.val(job.build_id)),
      flaky_at: serverNow(),
    }))
    .where('id', 'in', [...flaky])
    .execute();
}

/** The tests with the opposite result in another attempt or build of the commit. */
async function contradicted(
  db: Write,
  { job, attempt, build_id, repo, sha, ...of }: JobOfTests & AttemptRef,
  results: ReadonlyMap<number, TestStatus>,
): Promise<number[]> {
  const builds = await db
    .selectFrom('builds')
    .select('id')
    .where('sha', '=', sha)
    // an expression, so that SQLite does not go through all builds of the repository instead
    .where(sql<string>`repo || ''`, '=', repo)
    // a pull request is tested as merged, so its tests say nothing about the commit as it is, or merged otherwise
    .where('pull_details', 'is not distinct from', (eb) =>
      eb.selectFrom('builds as own').select('own.pull_details').where('own.id', '=', build_id),
    )
    .orderBy('id', 'desc')
    .limit(mostBuildsOfCommit)
    .execute();
  const others = builds.map(({ id }) => id).filter((id) => id !== build_id || attempt > 1);
  if (others.length === 0 || results.size === 0) return [];
  const seen = await resultsIn(db, of, others, [...results.keys()])
    .select('test_results.job_id')
    .groupBy(['test_results.test_id', 'test_results.job_id', 'test_results.attempt'])
    .execute();
  return seen
    .filter((row) => row.job_id !== job || row.attempt !== attempt)
    .filter((row) => (row.failed === 1) === (results.get(row.test_id) === 'passed'))
    .map((row) => row.test_id);
}

/** Of tests that have just failed, those that have alternately passed and failed on their branch. */
async function fallingOften(
  db: Write,
  { build_id, repo, ref, ...of }: JobOfTests,
  failed: readonly number[],
): Promise<number[]> {
  if (failed.length === 0 || failed.length > mostFailures) return [];
  const builds = await db
    .selectFrom('builds')
    .select('id')
    .where('repo', '=', repo)
    .where('ref', '=', ref)
    // in a backlog, later builds have no results yet
    .where('id', '<=', build_id)
    .orderBy('id', 'desc')
    .limit(window)
    .execute();
  const ids = builds.map(({ id }) => id);
  const rows = await resultsIn(db, of, ids, failed)
    .select('test_results.build_id')
    .groupBy(['test_results.test_id', 'test_results.build_id', 'test_results.attempt'])
    .execute();
  rows.sort((a, b) => a.build_id - b.build_id || a.attempt - b.attempt);
  return failed.filter((test) => {
    const outcomes = rows.filter((row) => row.test_id === test).map((row) => row.failed);
    return outcomes.filter((now, index) => now === 1 && outcomes[index - 1] === 0).length >= mostFalls;
  });
}

/** Results of tests in these builds, in jobs of that name: the worst of several in one attempt. */
function resultsIn(
  db: Write,
  { name, workflow }: Pick<JobOfTests, 'name' | 'workflow'>,
  builds: readonly number[],
  tests: readonly number[],
) {
  return db
    .selectFrom('test_results')
    .innerJoin('jobs', 'jobs.id', 'test_results.job_id')
    .select(['test_results.test_id', 'test_results.attempt'])
    .select((eb) => eb.fn.max('test_results.failed').as('failed'))
    .where('test_results.test_id', 'in', tests)
    .where('test_results.build_id', 'in', builds)
    .where('jobs.name', '=', name)
    .where('jobs.workflow', 'is not distinct from', workflow)
    .where('test_results.status', '!=', 'skipped');
}
