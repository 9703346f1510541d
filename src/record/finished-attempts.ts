import {
  type AttemptRef,
  type BuildSummary,
  isTransient,
  type JobImage,
  type Step,
  type TestSummary,
} from '../kernel/model.ts';
import type { Outcome } from '../kernel/verdict.ts';
import { type RunnerOfAttempt, runnerColumns, updateAttempt, updateJob } from './attempt-columns.ts';
import { finalMessage, scheduleNextAttempt, triedRunnersOf } from './automatic-retries.ts';
import type { Database, Write } from './database.ts';
import { noteUrl } from './deployments.ts';
import { raiseTime } from './fairness.ts';
import { openNext } from './next-attempts.ts';
import { insertSteps, removeSteps } from './recorded-steps.ts';
import { settleBuild, summaryIn } from './settled-builds.ts';

export interface AttemptOutcome extends Outcome {
  runner: RunnerOfAttempt;
  exitCode: number | null;
  outputs?: { [name: string]: string };
  /** address of its deployment */
  url?: string;
  image?: JobImage;
  steps: Step[];
  tests?: TestSummary;
  logBytes: number;
  logComplete: boolean;
  startedAt: number;
  finishedAt: number;
  /** if it may be tried again: milliseconds before the second, the third and each further attempt */
  pauses?: readonly number[];
}

/** What the end of an attempt has changed. */
export interface FinishedAttempt {
  build: BuildSummary;
  labels: string[];
  /** when the attempt could have started at the earliest, in milliseconds since 1970 */
  createdAt: number;
  /** when the job is tried again, in milliseconds since 1970; undefined if it has ended */
  againAt: number | undefined;
}

/**
 * queued or running → final, as the runner of the current attempt reports; "queued" if the message of the start was lost.
 * Or → queued, one attempt later, if it ended in an error that may pass.
 * @returns undefined if nothing has moved
 */
export async function finishAttempt(
  database: Database,
  ref: AttemptRef,
  outcome: AttemptOutcome,
): Promise<FinishedAttempt | undefined> {
  return database.write(async (db) => {
    const failed = outcome.status === 'error' && isTransient(outcome.reason);
    const before = failed ? await triedRunnersOf(db, ref) : undefined;
    const tried = before && [...before.tried, outcome.runner.name];
    const again = tried && scheduleNextAttempt(tried, outcome.pauses ?? [], outcome.message ?? '');
    const moved = again
      ? await openNext(
          db,
          ref,
          { message: again.message, due_at: again.dueAt, avoid: JSON.stringify(tried) },
          outcome.runner.id,
        )
      : await end(db, ref, tried ? { ...outcome, message: finalMessage(tried, outcome.message) } : outcome);
    if (!moved) return undefined;
    if (outcome.url !== undefined) await noteUrl(db, ref, outcome.url);
    const { createdAt, stepsRevision } = await closeAttempt(db, ref, outcome);
    if (stepsRevision > 0) await removeSteps(db, ref);
    await insertSteps(db, ref, outcome.steps);
    const build = again ? await summaryIn(db, moved.build_id) : await settleBuild(db, moved.build_id);
    const labels = JSON.parse(moved.labels) as string[];
    const dueAt = (again ? before?.dueAt : moved.due_at) ?? 0;
    return { build, labels, createdAt: Math.max(createdAt, dueAt), againAt: again?.dueAt };
  });
}

/**
 * The missing end of an incomplete log has arrived, so the files of the build must be written again.
 * @returns the build, undefined if the log was not recorded as incomplete
 */
export async function noteCompleteLog(database: Database, ref: AttemptRef): Promise<BuildSummary | undefined> {
  return database.write(async (db) => {
    const completed = await updateAttempt(db, ref)
      .set({ log_complete: 1 })
      .where('log_complete', '=', 0)
      .returning((eb) =>
        eb.selectFrom('jobs').select('build_id').whereRef('jobs.id', '=', 'attempts.job_id').as('build'),
      )
      .executeTakeFirst();
    if (!completed?.build) return undefined;
    const build = completed.build;
    await db.updateTable('builds').set({ reported_at: null }).where('id', '=', build).execute();
    return summaryIn(db, build);
  });
}

async function end(db: Write, ref: AttemptRef, outcome: AttemptOutcome) {
  return (await endJob(db, ref, 'running', outcome)) ?? (await endUnstarted(db, ref, outcome));
}

async function closeAttempt(db: Write, ref: AttemptRef, outcome: AttemptOutcome) {
  const { status, reason, message, runner, exitCode } = outcome;
  const attempt = await updateAttempt(db, ref)
    .set({
      status,
      reason,
      message,
      exit_code: exitCode,
      ...runnerColumns(runner),
      log_bytes: outcome.logBytes,
      log_complete: outcome.logComplete ? 1 : 0,
      tests: outcome.tests === undefined ? null : JSON.stringify(outcome.tests),
      image: outcome.image === undefined ? null : JSON.stringify(outcome.image),
      started_at: outcome.startedAt,
      finished_at: outcome.finishedAt,
    })
    .returning(['created_at', 'steps_revision'])
    .executeTakeFirstOrThrow();
  return { createdAt: attempt.created_at, stepsRevision: attempt.steps_revision };
}

/** The message of its start was lost, or arrives later and is ignored. */
async function endUnstarted(db: Write, ref: AttemptRef, outcome: AttemptOutcome) {
  const moved = await endJob(db, ref, 'queued', outcome);
  if (moved) await raiseTime(db, moved);
  return moved;
}

function endJob(db: Write, ref: AttemptRef, from: 'queued' | 'running', outcome: AttemptOutcome) {
  const { status, reason, message, runner, exitCode } = outcome;
  const ended = updateJob(db, ref)
    .set((eb) => ({
      status,
      reason,
      message,
      exit_code: exitCode,
      outputs: outcome.outputs === undefined ? null : JSON.stringify(outcome.outputs),
      runner_id: runner.id,
      runner_name: runner.name,
      started_at: eb.fn.coalesce('started_at', eb.val(outcome.startedAt)),
      finished_at: outcome.finishedAt,
    }))
    .where('status', '=', from)
    .returning(['build_id', 'labels', 'virtual_start', 'due_at']);
  return (from === 'running' ? ended.where('runner_id', '=', runner.id) : ended).executeTakeFirst();
}
