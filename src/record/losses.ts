import type { AttemptRef, JobId } from '../kernel/model.ts';
import type { Record } from './record.ts';

/** How a runner was lost that had an attempt. Times are milliseconds since 1970. */
export interface RecordedLoss {
  /** its last sign of life */
  lostAt: number;
  noticedAt: number;
  /** whether nothing else is known to have gone with it */
  alone: boolean;
}

/**
 * How many runners were lost with the job since it was last retried, and how many of them alone; one that handed it back
 * is none of them.
 */
export async function countLosses(record: Record, job: JobId): Promise<{ all: number; alone: number }> {
  const row = await record.db
    .selectFrom('attempts')
    .innerJoin('jobs', 'jobs.id', 'attempts.job_id')
    .select((eb) => [
      eb.fn.countAll<number>().as('all'),
      eb.fn.coalesce(eb.fn.sum<number>('attempts.lost_alone'), eb.val(0)).as('alone'),
    ])
    .where('attempts.job_id', '=', job)
    .whereRef('attempts.number', '>=', 'jobs.first_attempt')
    .where('attempts.reason', '=', 'runner_lost')
    .executeTakeFirstOrThrow();
  return { all: Number(row.all), alone: Number(row.alone) };
}

/**
 * A runner was lost: attempts that other runners have lost at about that time were not lost alone.
 * @param at its last sign of life
 * @param within milliseconds
 */
export async function notAlone(record: Record, runner: string, at: number, within: number): Promise<void> {
  await record.write((db) =>
    db
      .updateTable('attempts')
      .set({ lost_alone: 0 })
      .where('lost_alone', '=', 1)
      .where('lost_at', '>=', at - within)
      .where('lost_at', '<=', at + within)
      .where('runner_id', '!=', runner)
      .execute(),
  );
}

/** Writes down how the runner of an attempt was lost that will get no successor. */
export async function noteLoss(
  record: Record,
  ref: AttemptRef,
  loss: RecordedLoss & { how: string; runner: { id: string; name: string; host: string } | undefined },
): Promise<void> {
  await record.write((db) =>
    db
      .updateTable('attempts')
      .set({
        message: loss.how,
        lost_at: loss.lostAt,
        noticed_at: loss.noticedAt,
        lost_alone: loss.alone ? 1 : 0,
        ...(loss.runner
          ? { runner_id: loss.runner.id, runner_name: loss.runner.name, runner_host: loss.runner.host }
          : {}),
      })
      .where('job_id', '=', ref.job)
      .where('number', '=', ref.attempt)
      .where('finished_at', 'is', null)
      .where('lost_at', 'is', null)
      .execute(),
  );
}
