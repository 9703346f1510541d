import { type AttemptRef, type BuildSummary, type JobId, statusesBefore } from '../kernel/model.ts';
import type { Outcome } from '../kernel/verdict.ts';
import { insertAttempt, type RunnerOfAttempt, runnerColumns, updateAttempt, updateJob } from './attempt-columns.ts';
import { isBehind } from './behind.ts';
import { summaryOf } from './builds.ts';
import { statusStarted } from './commit-statuses.ts';
import type { Database } from './database.ts';
import { raiseTime, startTags } from './fairness.ts';
import { updatePartStatuses } from './part-statuses.ts';
import { settleBuild, summaryIn } from './settled-builds.ts';
import { noteRuns } from './workflow-runs.ts';

/**
 * Changes of a job's status, by compare-and-set: each function changes it only if the job has the status before that and the
 * attempt is the current one. It returns whether it did, or the data that the caller needs to tell others. What was recorded
 * first stays. Other files end attempts as their runners report (finished-attempts.ts), open further ones (next-attempts.ts), queue
 * the planned jobs of workflows (workflows.ts), open jobs again (retries.ts), and end what an old fault has left (contradictions.ts).
 */

/** waiting → queued: its needs are met; makes its first attempt, or the attempt of a retry. */
export async function queueJob(database: Database, job: JobId): Promise<boolean> {
  return database.write(async (db) => {
    const waiting = await db
      .selectFrom('jobs')
      .innerJoin('builds', 'builds.id', 'jobs.build_id')
      .select(['repo', 'pull_request', 'builds.event', 'labels', 'build_id'])
      .where('jobs.id', '=', job)
      .where('jobs.status', '=', 'waiting')
      .executeTakeFirst();
    if (!waiting) return false;
    const jobs = [JSON.parse(waiting.labels) as string[]];
    const [virtualStart = 0] = await startTags(db, waiting.repo, jobs, {
      continues: true,
      isBehind: isBehind(waiting),
    });
    const moved = await db
      .updateTable('jobs')
      .set((eb) => ({
        status: 'queued' as const,
        virtual_start: virtualStart,
        attempt: eb.case().when('attempt', '=', 0).then(1).else(eb.ref('attempt')).end(),
      }))
      .where('id', '=', job)
      .returning('attempt')
      .executeTakeFirstOrThrow();
    await insertAttempt(db, job, moved.attempt);
    await updatePartStatuses(db, waiting.build_id);
    return true;
  });
}

/**
 * queued → running: a runner has started the attempt.
 * @param begun is called if the job moves, within the transaction; it may be called again
 * @returns the build, undefined if nothing has moved
 */
export async function startAttempt(
  database: Database,
  ref: AttemptRef,
  runner: RunnerOfAttempt,
  at: number,
  begun: () => Promise<void> = async () => undefined,
): Promise<BuildSummary | undefined> {
  return database.write(async (db) => {
    const moved = await db
      .updateTable('jobs')
      .set((eb) => ({
        status: 'running' as const,
        // the reason of its wait
        message: null,
        runner_id: runner.id,
        runner_name: runner.name,
        started_at: eb.fn.coalesce('started_at', eb.val(at)),
      }))
      .where('id', '=', ref.job)
      .where('attempt', '=', ref.attempt)
      .where('status', '=', 'queued')
      .returning(['build_id', 'labels', 'virtual_start'])
      .returning((eb) =>
        eb.selectFrom('label_sets').select('time').whereRef('label_sets.labels', '=', 'jobs.labels').as('time'),
      )
      .executeTakeFirst();
    if (!moved) return undefined;
    await begun();
    if (moved.time !== null && moved.time < moved.virtual_start) await raiseTime(db, moved);
    await updateAttempt(db, ref)
      .set({ status: 'running', ...runnerColumns(runner), started_at: at })
      .execute();
    await noteRuns(db, moved.build_id);
    const build = await db
      .updateTable('builds')
      .set((eb) => ({ status: 'running' as const, started_at: eb.fn.coalesce('started_at', eb.val(at)) }))
      .where('id', '=', moved.build_id)
      .where('status', 'in', ['queued', 'running'])
      .returningAll()
      .executeTakeFirst();
    await statusStarted(db, moved.build_id);
    return build ? summaryOf(build) : summaryIn(db, moved.build_id);
  });
}

/**
 * Any earlier status → final, as the dispatcher has decided without a runner. The attempt's number excludes late decisions
 * about an earlier attempt; a waiting job has the number 0, or that of the attempt to come.
 * @returns the build, undefined if nothing has moved
 */
export async function decideJob(
  database: Database,
  ref: AttemptRef,
  outcome: Outcome,
  at: number,
): Promise<BuildSummary | undefined> {
  return database.write(async (db) => {
    const moved = await updateJob(db, ref)
      .set({ ...outcome, finished_at: at })
      .where('status', 'in', statusesBefore(outcome.status))
      .returning('build_id')
      .executeTakeFirst();
    if (!moved) return undefined;
    await updateAttempt(db, ref)
      .set((eb) => ({
        status: outcome.status,
        reason: outcome.reason,
        // how it was lost says more than the decision that followed
        message: eb.fn.coalesce('message', eb.val(outcome.message)),
        finished_at: at,
      }))
      .where('finished_at', 'is', null)
      .execute();
    return settleBuild(db, moved.build_id);
  });
}
