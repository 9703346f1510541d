import type { AttemptRef, JobId } from '../kernel/model.ts';
import { lossColumns, type RecordedLoss, type RunnerOfAttempt, runnerColumns } from './attempt-columns.ts';
import type { Database } from './database.ts';

/**
 * The runners that were lost with the job since it was last retried; one that handed it back is none of them.
 * @returns `all` and `alone`: how many, and how many of them alone; `runners`: their ids
 */
export async function countLosses(
  database: Database,
  job: JobId,
): Promise<{ all: number; alone: number; runners: string[] }> {
  const rows = await database.db
    .selectFrom('attempts')
    .innerJoin('jobs', 'jobs.id', 'attempts.job_id')
    .select(['attempts.runner_id', 'attempts.lost_alone'])
    .where('attempts.job_id', '=', job)
    .whereRef('attempts.number', '>=', 'jobs.first_attempt')
    .where('attempts.reason', '=', 'runner_lost')
    .execute();
  return {
    all: rows.length,
    alone: rows.filter((row) => row.lost_alone === 1).length,
    runners: rows.flatMap((row) => row.runner_id ?? []),
  };
}

/** A runner that was lost. Times are milliseconds since 1970. */
export interface LostRunner {
  id: string;
  /** its last sign of life */
  lostAt: number;
  noticedAt: number;
}

/**
 * Attempts that other runners may have lost in the same moment were not lost alone. Those of jobs that this runner had
 * after them were lost before.
 */
export async function notAlone(database: Database, { id, lostAt, noticedAt }: LostRunner): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('attempts')
      .set({ lost_alone: 0 })
      .where('lost_alone', '=', 1)
      .where('lost_at', '<=', noticedAt)
      .where('noticed_at', '>=', lostAt)
      .where('runner_id', '!=', id)
      .where('job_id', 'not in', db.selectFrom('attempts as own').select('own.job_id').where('own.runner_id', '=', id))
      .execute(),
  );
}

/** Writes down how the runner of an attempt was lost that will get no successor. */
export async function noteLoss(
  database: Database,
  ref: AttemptRef,
  loss: RecordedLoss & { how: string; runner: RunnerOfAttempt | undefined },
): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('attempts')
      .set({
        message: loss.how,
        ...lossColumns(loss),
        ...runnerColumns(loss.runner),
      })
      .where('job_id', '=', ref.job)
      .where('number', '=', ref.attempt)
      .where('finished_at', 'is', null)
      .where('lost_at', 'is', null)
      .execute(),
  );
}
