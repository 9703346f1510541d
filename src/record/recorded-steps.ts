import type { AttemptRef, BuildSummary, Step, StepDetails } from '../kernel/model.ts';
import { updateAttempt } from './attempt-columns.ts';
import type { Database, Write } from './database.ts';

/**
 * Replaces the steps of an attempt, if it is the current one, is running, and has steps of a lower revision.
 * @returns the build, undefined if nothing was replaced
 */
export async function recordSteps(
  database: Database,
  ref: AttemptRef,
  revision: number,
  steps: Step[],
): Promise<Pick<BuildSummary, 'repo' | 'status'> | undefined> {
  return database.write(async (db) => {
    const current = await db
      .selectFrom('jobs')
      .innerJoin('builds', 'builds.id', 'jobs.build_id')
      .select(['builds.repo', 'builds.status'])
      .where('jobs.id', '=', ref.job)
      .where('jobs.attempt', '=', ref.attempt)
      .where('jobs.finished_at', 'is', null)
      .executeTakeFirst();
    if (!current) return undefined;
    const newer = await updateAttempt(db, ref)
      .set({ steps_revision: revision })
      .where('steps_revision', '<', revision)
      .returning('number')
      .executeTakeFirst();
    if (!newer) return undefined;
    await removeSteps(db, ref);
    await insertSteps(db, ref, steps);
    return current;
  });
}

export async function removeSteps(db: Write, ref: AttemptRef): Promise<void> {
  await db.deleteFrom('steps').where('job_id', '=', ref.job).where('attempt', '=', ref.attempt).execute();
}

/** SQLite allows at most 32,766 values in a statement. */
const stepsAtOnce = 1000;

export async function insertSteps(db: Write, ref: AttemptRef, steps: Step[]): Promise<void> {
  const ms = (time: string | null) => (time === null ? null : Date.parse(time));
  const rows = steps.map(({ name, status, exitCode, startedAt, finishedAt, ...details }, index) => ({
    job_id: ref.job,
    attempt: ref.attempt,
    position: index + 1,
    name,
    status,
    exit_code: exitCode,
    started_at: ms(startedAt),
    finished_at: ms(finishedAt),
    details: JSON.stringify(details satisfies StepDetails),
  }));
  for (let from = 0; from < rows.length; from += stepsAtOnce) {
    await db
      .insertInto('steps')
      .values(rows.slice(from, from + stepsAtOnce))
      .execute();
  }
}
