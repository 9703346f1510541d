import { sql } from 'kysely';
import type { Database } from './database.ts';

/**
 * How long runners have run jobs in a time: the sum over their slots.
 * @param runners names
 * @param from beginning of the time, to `to` (milliseconds since 1970)
 * @returns milliseconds by the name of the runner
 */
export async function busyTime(
  database: Database,
  runners: readonly string[],
  { from, to }: { from: number; to: number },
): Promise<Map<string, number>> {
  if (runners.length === 0) return new Map();
  const began = sql<number>`case when started_at > ${from} then started_at else ${from} end`;
  const ended = sql<number>`case when finished_at < ${to} then finished_at else ${to} end`;
  const rows = await database.db
    .selectFrom('attempts')
    .select('runner_name')
    .select(sql<number>`sum(${ended} - ${began})`.as('busy'))
    .where('runner_name', 'in', runners)
    .where('started_at', '<', to)
    // in this form both conditions are ranges of an index
    .where((eb) => eb.or([eb('finished_at', '>', from), eb('finished_at', 'is', null)]))
    .groupBy('runner_name')
    .execute();
  return new Map(rows.map(({ runner_name, busy }) => [runner_name ?? '', Number(busy)]));
}
