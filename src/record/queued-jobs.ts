import type { BuildId, JobId } from '../kernel/model.ts';
import type { Record } from './record.ts';

/** A queued job, with what is needed to look at its message. */
export interface QueuedJob {
  id: JobId;
  build: BuildId;
  attempt: number;
  labels: string[];
  virtualStart: number;
}

/**
 * A page of the queued jobs, in the order in which they are to run.
 * @param after the last one of the page before
 */
export async function queuedJobs(
  record: Record,
  limit: number,
  after: Pick<QueuedJob, 'virtualStart' | 'build' | 'id'> | undefined,
): Promise<QueuedJob[]> {
  let query = record.db
    .selectFrom('jobs')
    .select(['id', 'build_id', 'attempt', 'labels', 'virtual_start'])
    .where('finished_at', 'is', null)
    .where('status', '=', 'queued')
    .orderBy('virtual_start')
    .orderBy('build_id')
    .orderBy('id')
    .limit(limit);
  if (after !== undefined) {
    const { virtualStart, build, id } = after;
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('virtual_start', 'build_id', 'id'), '>', tuple(virtualStart, Number(build), id)),
    );
  }
  return (await query.execute()).map((row) => ({
    id: row.id,
    build: String(row.build_id) as BuildId,
    attempt: row.attempt,
    labels: JSON.parse(row.labels) as string[],
    virtualStart: row.virtual_start,
  }));
}
