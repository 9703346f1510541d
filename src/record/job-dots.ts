import { sql } from 'kysely';
import type { BuildId, JobId, Status } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** The jobs of a build in short. */
export interface JobDots {
  /** in the order of their positions */
  jobs: { id: JobId; name: string; status: Status }[];
  /** how many jobs the build has beside these */
  more: number;
}

/** What a person looks for among many jobs comes first. */
const byInterest = sql`case status when 'failure' then 0 when 'error' then 0 when 'running' then 1 when 'cancelled' then 2 else 3 end`;

/** Some jobs of each of the builds: at most `most` of one build, failed and running ones before others. */
export async function dotsOfBuilds(
  database: Database,
  builds: readonly BuildId[],
  most: number,
): Promise<Map<BuildId, JobDots>> {
  if (builds.length === 0) return new Map();
  const ranked = database.db
    .selectFrom('jobs')
    .select(['id', 'build_id', 'position', 'name', 'status'])
    .select(sql<number>`row_number() over (partition by build_id order by ${byInterest}, position)`.as('place'))
    .select(sql<number>`count(*) over (partition by build_id)`.as('total'))
    .where('build_id', 'in', builds.map(Number))
    .as('ranked');
  const rows = await database.db
    .selectFrom(ranked)
    .selectAll()
    .where('place', '<=', most)
    .orderBy('build_id')
    .orderBy('position')
    .execute();
  const dots = new Map<BuildId, JobDots>();
  for (const { build_id, id, name, status, total } of rows) {
    const build = String(build_id) as BuildId;
    const known = dots.get(build) ?? { jobs: [], more: Math.max(0, Number(total) - most) };
    known.jobs.push({ id, name, status });
    dots.set(build, known);
  }
  return dots;
}
