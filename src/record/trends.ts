import type { BuildId, Status } from '../kernel/model.ts';
import type { Record } from './record.ts';

/** One build that is over, as a point in the charts of its repository. */
export interface TrendPoint {
  id: BuildId;
  number: number;
  status: Status;
  /** milliseconds from when it was made until its first job began; null where none did */
  waited: number | null;
  /** milliseconds from then until it was over */
  took: number | null;
}

/** The last builds of a repository that have run, oldest first. */
export async function trendOf(record: Record, repo: string, limit: number): Promise<TrendPoint[]> {
  const rows = await record.db
    .selectFrom('builds')
    .select(['id', 'number', 'status', 'created_at', 'started_at', 'finished_at'])
    .where('repo', '=', repo)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows
    .filter(({ status }) => status === 'success' || status === 'failure' || status === 'error')
    .map(({ id, number, status, created_at: made, started_at: begun, finished_at: over }) => ({
      id: String(id) as BuildId,
      number,
      status,
      waited: begun === null ? null : Math.max(0, begun - made),
      took: begun === null || over === null ? null : Math.max(0, over - begun),
    }))
    .reverse();
}
