import type { BuildId, JobId, Status } from '../kernel/model.ts';
import { inFileOrder } from './builds.ts';
import type { Database } from './database.ts';

export interface GridJob {
  id: JobId;
  name: string;
  status: Status;
  /** milliseconds from its start to its end; null before its end, and if it never began */
  took: number | null;
}

/** The jobs of some builds, with the few columns that a grid shows. */
export async function jobsOfBuilds(database: Database, builds: readonly BuildId[]): Promise<Map<BuildId, GridJob[]>> {
  if (builds.length === 0) return new Map();
  const rows = await database.db
    .selectFrom('jobs')
    .select(['id', 'name', 'status', 'build_id', 'node', 'started_at', 'finished_at'])
    .where('build_id', 'in', builds.map(Number))
    .orderBy('build_id')
    .orderBy('position')
    .execute();
  const ofBuild = new Map(builds.map((id) => [id, [] as typeof rows]));
  for (const row of rows) ofBuild.get(String(row.build_id) as BuildId)?.push(row);
  return new Map(
    [...ofBuild].map(([build, jobs]) => [
      build,
      inFileOrder(jobs).map(({ id, name, status, started_at: from, finished_at: to }) => ({
        ...{ id, name, status },
        took: from === null || to === null ? null : Math.max(0, to - from),
      })),
    ]),
  );
}
