import type { AttemptRef } from '../kernel/model.ts';
import type { Record } from './record.ts';

/** When an attempt was what; times are milliseconds since 1970. */
export interface AttemptTimes {
  repo: string;
  labels: string[];
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** when the attempt before was lost or handed back; null where there is none */
  lostAt: number | null;
}

export async function attemptTimes(record: Record, { job, attempt }: AttemptRef): Promise<AttemptTimes | undefined> {
  const row = await record.db
    .selectFrom('attempts')
    .innerJoin('jobs', 'jobs.id', 'attempts.job_id')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .leftJoin('attempts as former', (join) =>
      join
        .onRef('former.job_id', '=', 'attempts.job_id')
        .on('former.number', '=', attempt - 1)
        .on('former.reason', 'in', ['runner_lost', 'handed_back']),
    )
    .select(['builds.repo', 'jobs.labels', 'attempts.created_at', 'attempts.started_at', 'attempts.finished_at'])
    .select((eb) => eb.fn.coalesce('former.lost_at', 'former.finished_at').as('lost_at'))
    .where('attempts.job_id', '=', job)
    .where('attempts.number', '=', attempt)
    .executeTakeFirst();
  return (
    row && {
      repo: row.repo,
      labels: JSON.parse(row.labels) as string[],
      createdAt: row.created_at,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      lostAt: row.lost_at,
    }
  );
}
