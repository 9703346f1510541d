import type { BuildId, JobId, Status } from '../kernel/model.ts';
import type { Record } from './record.ts';

export interface GridJob {
  id: JobId;
  name: string;
  status: Status;
}

/** The jobs of some builds, as little of them as a grid shows. */
export async function jobsOfBuilds(record: Record, builds: readonly BuildId[]): Promise<Map<BuildId, GridJob[]>> {
  const byBuild = new Map<BuildId, GridJob[]>(builds.map((id) => [id, []]));
  if (builds.length === 0) return byBuild;
  const rows = await record.db
    .selectFrom('jobs')
    .select(['id', 'name', 'status', 'build_id'])
    .where('build_id', 'in', builds.map(Number))
    .orderBy('build_id')
    .orderBy('position')
    .execute();
  for (const { build_id: build, ...job } of rows) byBuild.get(String(build) as BuildId)?.push(job);
  return byBuild;
}
