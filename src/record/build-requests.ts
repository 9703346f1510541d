import type { BuildId, BuildRequest } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** The most requests that are told of one build. */
const most = 100;

/** What people have requested of a build, oldest first: that it is made, its cancellations and its retries. */
export async function requestsOf(database: Database, id: BuildId): Promise<BuildRequest[]> {
  const rows = await database.db
    .selectFrom('intents')
    .leftJoin('people', 'people.name', 'intents.requested_by')
    .select(['kind', 'job_id', 'requested_by', 'intents.created_at', 'people.display_name'])
    .where((eb) => eb.or([eb('build_id', '=', Number(id)), eb('made_build', '=', Number(id))]))
    .where('requested_by', 'is not', null)
    .where('error_code', 'is', null)
    .orderBy('intents.id')
    .limit(most)
    .execute();
  return rows.flatMap(({ kind, job_id: job, requested_by: by, display_name: displayName, created_at: at }) =>
    by === null ? [] : [{ kind, job, by, displayName, at: new Date(at).toISOString() }],
  );
}
