import type { AttemptRef, JobId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Write } from './database.ts';

/** The runner that has or had an attempt. */
export interface RunnerOfAttempt {
  id: string;
  name: string;
  host: string;
  /** public key of its messages; absent if the runner is known by other messages only */
  key?: string;
}

/** How the runner of an attempt was lost. Times are milliseconds since 1970. */
export interface RecordedLoss {
  /** its last sign of life */
  lostAt: number;
  noticedAt: number;
  /** whether it counts towards `poison`, see dispatcher/take-back.ts */
  counts: boolean;
}

/** The columns of an attempt about its runner; none if that is unknown. */
export function runnerColumns(runner: RunnerOfAttempt | undefined) {
  if (!runner) return {};
  const { id, name, host, key } = runner;
  return { runner_id: id, runner_name: name, runner_host: host, ...(key !== undefined && { runner_key: key }) };
}

/** The columns of an attempt about the loss of its runner; none if that was not lost. */
export function lossColumns(loss: RecordedLoss | undefined) {
  return loss ? { lost_at: loss.lostAt, noticed_at: loss.noticedAt } : {};
}

/** The update of a job whose current attempt this is. */
export function updateJob(db: Write, { job, attempt }: AttemptRef) {
  return db.updateTable('jobs').where('id', '=', job).where('attempt', '=', attempt);
}

export function updateAttempt(db: Write, { job, attempt }: AttemptRef) {
  return db.updateTable('attempts').where('job_id', '=', job).where('number', '=', attempt);
}

export async function insertAttempt(db: Write, job: JobId, number: number): Promise<void> {
  const values = { job_id: job, number, status: 'queued' as const, created_at: serverNow() };
  await db.insertInto('attempts').values(values).execute();
}
