import type { BuildId, Status, TestSummary } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** A finished build, as a point in the charts of its repository. */
export interface TrendPoint {
  id: BuildId;
  number: number;
  status: Status;
  /** milliseconds that its first started attempt waited for a runner; null if none has started */
  waited: number | null;
  /** milliseconds from that start to its end, without those that it was over before retries */
  took: number | null;
  /** number of tests that its jobs have reported; null if none */
  tests: number | null;
}

/** The last builds of a repository that ran, oldest first. */
export async function trendOf(database: Database, repo: string, limit: number): Promise<TrendPoint[]> {
  const rows = await database.db
    .selectFrom('builds')
    .select(['id', 'number', 'status', 'started_at', 'finished_at', 'idle'])
    .where('repo', '=', repo)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  const ids = rows.map(({ id }) => id);
  const [counts, waits] = await Promise.all([testCounts(database, ids), waitsOf(database, ids)]);
  return rows
    .filter(({ status }) => status === 'success' || status === 'failure' || status === 'error')
    .map(({ id, number, status, started_at: begun, finished_at: over, idle }) => ({
      id: String(id) as BuildId,
      number,
      status,
      waited: waits.get(id) ?? null,
      took: begun === null || over === null ? null : Math.max(0, over - begun - idle),
      tests: counts.get(id) ?? null,
    }))
    .reverse();
}

/** The wait of the first started attempt of each build. Retries do not count. */
async function waitsOf(database: Database, builds: readonly number[]): Promise<Map<number, number>> {
  if (builds.length === 0) return new Map();
  const rows = await database.db
    .selectFrom('jobs')
    .innerJoin('attempts', 'attempts.job_id', 'jobs.id')
    .select('jobs.build_id')
    .select((eb) => [eb.fn.min('attempts.created_at').as('queued'), eb.fn.min('attempts.started_at').as('begun')])
    .where('jobs.build_id', 'in', builds)
    .groupBy('jobs.build_id')
    .execute();
  return new Map(
    rows.flatMap(({ build_id, queued, begun }): [number, number][] =>
      begun === null ? [] : [[build_id, Math.max(0, Number(begun) - Number(queued))]],
    ),
  );
}

/** Tests of each build, by its current attempts. */
async function testCounts(database: Database, builds: readonly number[]): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  if (builds.length === 0) return counts;
  const rows = await database.db
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
