import type { AttemptRef, Reason } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import {
  insertAttempt,
  lossColumns,
  type RecordedLoss,
  type RunnerOfAttempt,
  runnerColumns,
  updateAttempt,
} from './attempt-columns.ts';
import { triedRunnersOf } from './automatic-retries.ts';
import type { Database, Write } from './database.ts';
import { tagOfTakenBack } from './fairness.ts';

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
export async function openNext(
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
