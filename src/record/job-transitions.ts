import {
  type AttemptRef,
  type BuildSummary,
  isFinal,
  isTransient,
  type JobId,
  type JobImage,
  type Reason,
  type Step,
  type StepDetails,
  statusesBefore,
  type TestSummary,
} from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { type Outcome, verdictOf } from '../kernel/verdict.ts';
import {
  insertAttempt,
  lossColumns,
  type RecordedLoss,
  type RunnerOfAttempt,
  runnerColumns,
  updateAttempt,
} from './attempt-columns.ts';
import { finalMessage, scheduleNextAttempt, triedRunnersOf } from './automatic-retries.ts';
import { isBehind } from './behind.ts';
import { noteBranchChange } from './branch-changes.ts';
import { summaryOf } from './builds.ts';
import { statusEnded, statusStarted } from './commit-statuses.ts';
import type { Database, Write } from './database.ts';
import { noteUrl } from './deployments.ts';
import { raiseTime, startTags, tagOfTakenBack } from './fairness.ts';
import { updatePartStatuses } from './part-statuses.ts';
import { noteRuns } from './workflow-runs.ts';

/**
 * Changes of a job's status, by compare-and-set: each function changes it only if the job has the status before that and the
 * attempt is the current one. It returns whether it did, or the data that the caller needs to tell others. What was recorded
 * first stays. Other files queue the planned jobs of workflows (workflows.ts), open jobs again (retries.ts), and end what an old
 * fault has left (contradictions.ts).
 */

/** The update of a job whose current attempt this is. */
function updateJob(db: Write, { job, attempt }: AttemptRef) {
  return db.updateTable('jobs').where('id', '=', job).where('attempt', '=', attempt);
}

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

/**
 * queued or running → queued, one attempt later: the runner of the current attempt is gone or has handed it back. The job
 * goes ahead of all waiting jobs.
 * @param lost what is recorded about the former attempt
 * @param avoid name of the runner whose disk is at fault: another one gets the job if possible, at once
 */
export async function moveToNextAttempt(
  database: Database,
  ref: AttemptRef,
  lost: { reason: Reason; message: string; at: number; runner?: RunnerOfAttempt; loss?: RecordedLoss },
  avoid?: string,
): Promise<boolean> {
  return database.write(async (db) => {
    const before = avoid === undefined ? undefined : await triedRunnersOf(db, ref);
    const tried = before && { avoid: JSON.stringify([...before.tried, avoid]), due_at: serverNow() };
    if (!(await openNext(db, ref, { message: null, ...tried }))) return false;
    if (lost.loss?.counts) {
      await db
        .updateTable('jobs')
        .set((eb) => ({ lost_attempts: eb('lost_attempts', '+', 1) }))
        .where('id', '=', ref.job)
        .execute();
    }
    await updateAttempt(db, ref)
      .set({
        status: 'error',
        reason: lost.reason,
        message: lost.message,
        finished_at: lost.at,
        ...lossColumns(lost.loss),
        ...runnerColumns(lost.runner),
      })
      .execute();
    return true;
  });
}

/**
 * queued or running → queued; makes the next attempt.
 * @param columns further columns of the job
 * @param by id of the runner that must have started the attempt, if any
 */
async function openNext(
  db: Write,
  ref: AttemptRef,
  columns: { message: string | null; due_at?: number; avoid?: string },
  by?: string,
) {
  const moving = db
    .updateTable('jobs')
    .set({
      ...{ status: 'queued', attempt: ref.attempt + 1, virtual_start: tagOfTakenBack },
      ...{ runner_id: null, runner_name: null, ...columns },
    })
    .where('id', '=', ref.job)
    .where('attempt', '=', ref.attempt)
    .where('status', 'in', ['queued', 'running'])
    .returning(['build_id', 'labels', 'virtual_start', 'due_at']);
  const only = (runner: string) =>
    moving.where((eb) => eb.or([eb('status', '=', 'queued'), eb('runner_id', '=', runner)]));
  const moved = await (by === undefined ? moving : only(by)).executeTakeFirst();
  if (!moved) return undefined;
  await insertAttempt(db, ref.job, ref.attempt + 1);
  return moved;
}

async function removeSteps(db: Write, ref: AttemptRef): Promise<void> {
  await db.deleteFrom('steps').where('job_id', '=', ref.job).where('attempt', '=', ref.attempt).execute();
}

/** SQLite allows at most 32,766 values in a statement. */
const stepsAtOnce = 1000;

async function insertSteps(db: Write, ref: AttemptRef, steps: Step[]): Promise<void> {
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

/**
 * Makes the build final if all its jobs are, in the same transaction. A build whose verdict can only be bad gets the reason
 * at once.
 * @returns the build after that
 */
export async function settleBuild(db: Write, build: number): Promise<BuildSummary> {
  await noteRuns(db, build);
  const jobs = await db
    .selectFrom('jobs')
    .select(['name', 'status', 'reason', 'message', 'continue_on_error'])
    .where('build_id', '=', build)
    .execute();
  const { status, reason, message } = verdictOf(
    jobs.map(({ continue_on_error, ...job }) => ({ ...job, continueOnError: continue_on_error === 1 })),
  );
  if (!jobs.every((job) => isFinal(job.status))) {
    if (status === 'failure' || status === 'error')
      await db.updateTable('builds').set({ reason, message }).where('id', '=', build).execute();
    await updatePartStatuses(db, build);
    return summaryIn(db, build);
  }
  const settled = await db
    .updateTable('builds')
    .set((eb) => ({
      status,
      reason,
      message: eb.fn.coalesce(eb.val(message), 'message'),
      finished_at: serverNow(),
      reported_at: null,
    }))
    .where('id', '=', build)
    .where('finished_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (!settled) return summaryIn(db, build);
  await statusEnded(db, build);
  await noteBranchChange(db, settled);
  return summaryOf(settled);
}

async function summaryIn(db: Write, build: number): Promise<BuildSummary> {
  return summaryOf(await db.selectFrom('builds').selectAll().where('id', '=', build).executeTakeFirstOrThrow());
}
