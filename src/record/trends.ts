import type { BuildId, Status, TestSummary } from '../kernel/model.ts';
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
  /** how many tests its jobs have reported; null where none has */
  tests: number | null;
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
  const counts = await testCounts(
    record,
    rows.map(({ id }) => id),
  );
  return rows
    .filter(({ status }) => status === 'success' || status === 'failure' || status === 'error')
    .map(({ id, number, status, created_at: made, started_at: begun, finished_at: over }) => ({
      id: String(id) as BuildId,
      number,
      status,
      waited: begun === null ? null : Math.max(0, begun - made),
      took: begun === null || over === null ? null : Math.max(0, over - begun),
      tests: counts.get(id) ?? null,
    }))
    .reverse();
}

/** Tests of each build, by the attempts that count. */
async function testCounts(record: Record, builds: readonly number[]): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  if (builds.length === 0) return counts;
  const rows = await record.db
    .selectFrom('jobs')
    .innerJoin('attempts', (join) =>
      join.onRef('attempts.job_id', '=', 'jobs.id').onRef('attempts.number', '=', 'jobs.attempt'),
    )
    .select(['jobs.build_id', 'attempts.tests'])
    .where('jobs.build_id', 'in', builds)
    .where('attempts.tests', 'is not', null)
    .execute();
  for (const { build_id: build, tests } of rows) {
    const { total } = JSON.parse(tests ?? '{"total":0}') as Pick<TestSummary, 'total'>;
    counts.set(build, (counts.get(build) ?? 0) + total);
  }
  return counts;
}
