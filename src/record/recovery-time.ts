import type { AttemptRef } from '../kernel/model.ts';
import type { Database } from './database.ts';

/**
 * Milliseconds from the loss or the return of the attempt before until the start of this one; undefined without an attempt
 * before, or before the start.
 */
export async function recoveryTimeOf(database: Database, { job, attempt }: AttemptRef): Promise<number | undefined> {
  const row = await database.db
    .selectFrom('attempts')
    .innerJoin('attempts as former', 'former.job_id', 'attempts.job_id')
    .select('attempts.started_at')
    .select((eb) => eb.fn.coalesce('former.lost_at', 'former.finished_at').as('lost_at'))
    .where('attempts.job_id', '=', job)
    .where('attempts.number', '=', attempt)
    .where('former.number', '=', attempt - 1)
    .where('former.reason', 'in', ['runner_lost', 'handed_back'])
    .executeTakeFirst();
  return row?.started_at == null || row.lost_at === null ? undefined : row.started_at - row.lost_at;
}
