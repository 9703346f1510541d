import { createHash } from 'node:crypto';
import type { AttemptRef, StackLine, TestResult, TestStatus } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Write } from './database.ts';
import { type JobOfTests, noteFlaky } from './flaky-tests.ts';

/**
 * The results of single tests. A test is identified by its repository, suite and name. What pages show of it (results,
 * duration, flakiness) is updated with every result, so that no page reads all results.
 */

/** Weight of the newest result in a test's mean duration. */
const newestShare = 0.3;
/** The worst of several results of a test in one attempt counts: a parametrised test has several. */
export const rank: { readonly [S in TestStatus]: number } = { skipped: 0, passed: 1, failed: 2, error: 3 };

/**
 * Records some results of an attempt, if it is the job's current one and has not ended. The same results are recorded once,
 * however often they arrive.
 * @param first position of the first result in the attempt, from 1
 * @returns false if the attempt no longer counts
 */
export async function recordTests(
  database: Database,
  ref: AttemptRef,
  first: number,
  results: readonly TestResult[],
): Promise<boolean> {
  return database.write(async (db) => {
    const job = await jobOf(db, ref);
    if (!job) return false;
    const known = await db
      .selectFrom('test_results')
      .select('position')
      .where('job_id', '=', ref.job)
      .where('attempt', '=', ref.attempt)
      .where('position', '=', first)
      .executeTakeFirst();
    if (known || results.length === 0) return true;
    const keyed = results.map((result) => ({ result, key: keyOf(result) }));
    const ids = await upsertTests(db, job, keyed);
    const worst = new Map<number, TestStatus>();
    for (const { result, key } of keyed) {
      const id = ids.get(key);
      if (id !== undefined && rank[result.status] > rank[worst.get(id) ?? 'skipped']) worst.set(id, result.status);
    }
    await db
      .insertInto('test_results')
      .values(
        keyed.map(({ result, key }, index) => ({
          test_id: ids.get(key) ?? 0,
          build_id: job.build_id,
          job_id: ref.job,
          attempt: ref.attempt,
          position: first + index,
          status: result.status,
          failed: isFailed(result) ? 1 : 0,
          duration: result.duration,
          message: result.message,
          details: result.details,
          expected: result.expected,
          actual: result.actual,
          stack: result.stack.length === 0 ? null : JSON.stringify(result.stack),
          created_at: serverNow(),
        })),
      )
      .execute();
    await noteFlaky(db, { ...job, ...ref }, worst);
    return true;
  });
}

async function jobOf(db: Write, ref: AttemptRef): Promise<JobOfTests | undefined> {
  return db
    .selectFrom('jobs')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .select(['jobs.build_id', 'jobs.name', 'jobs.workflow', 'builds.repo', 'builds.ref', 'builds.sha'])
    .where('jobs.id', '=', ref.job)
    .where('jobs.attempt', '=', ref.attempt)
    .where('jobs.finished_at', 'is', null)
    .executeTakeFirst();
}

/** The lines of a stack, as a row has them. */
export function stackOf(stack: string | null): StackLine[] {
  return stack === null ? [] : (JSON.parse(stack) as StackLine[]);
}

/** @returns ids of the tests by their keys */
async function upsertTests(
  db: Write,
  { repo, build_id }: JobOfTests,
  keyed: readonly { result: TestResult; key: string }[],
): Promise<Map<string, number>> {
  const rows = new Map<string, { result: TestResult; runs: number; failures: number }>();
  for (const { result, key } of keyed) {
    const { runs, failures } = rows.get(key) ?? { runs: 0, failures: 0 };
    rows.set(key, {
      result,
      runs: runs + (result.status === 'skipped' ? 0 : 1),
      failures: failures + (isFailed(result) ? 1 : 0),
    });
  }
  const written = await db
    .insertInto('tests')
    .values(
      [...rows].map(([key, { result, runs, failures }]) => ({
        repo,
        key,
        suite: result.suite,
        name: result.name,
        file: result.file,
        status: result.status,
        runs,
        failures,
        duration: result.duration,
        first_build: build_id,
        last_build: build_id,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['repo', 'key']).doUpdateSet((eb) => ({
        file: eb.fn.coalesce('excluded.file', 'tests.file'),
        status: eb.ref('excluded.status'),
        runs: eb('tests.runs', '+', eb.ref('excluded.runs')),
        failures: eb('tests.failures', '+', eb.ref('excluded.failures')),
        duration: eb.fn.coalesce(
          eb(eb('tests.duration', '*', 1 - newestShare), '+', eb(eb.ref('excluded.duration'), '*', newestShare)),
          'excluded.duration',
          'tests.duration',
        ),
        last_build: eb.ref('excluded.last_build'),
      })),
    )
    .returning(['id', 'key'])
    .execute();
  return new Map(written.map(({ id, key }) => [key, id]));
}

function isFailed({ status }: TestResult): boolean {
  return status === 'failed' || status === 'error';
}

function keyOf({ suite, name }: TestResult): string {
  return createHash('sha256').update(`${suite}\0${name}`).digest('base64url').slice(0, 22);
}
