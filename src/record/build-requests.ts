import type { BuildId, BuildRequest } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** The most requests that are told of one build. */
const most = 100;

/** What people have requested of a build, oldest first: that it is made, its cancellations and its retries. */
export async function requestsOf(database: Database, id: BuildId): Promise<BuildRequest[]> {
  return (await requests(database, [id]).limit(most).execute()).flatMap(requestOf);
}

/** What people have last requested that made each of some builds run. */
export async function lastRequests(
  database: Pick<Database, 'db'>,
  ids: readonly BuildId[],
): Promise<Map<BuildId, BuildRequest>> {
  const last = requests(database, ids)
    .where('kind', '<>', 'cancel')
    .clearSelect()
    .clearOrderBy()
    .select(({ fn }) => fn.max('intents.id').as('id'))
    .groupBy(({ fn }) => fn.coalesce('made_build', 'build_id'));
  const rows = await requests(database, ids).where('intents.id', 'in', last).execute();
  return new Map(
    rows.flatMap((row) =>
      requestOf(row).map((request) => [String(row.made_build ?? row.build_id) as BuildId, request]),
    ),
  );
}

/** Oldest first. */
function requests({ db }: Pick<Database, 'db'>, ids: readonly BuildId[]) {
  const builds = ids.map(Number);
  return db
    .selectFrom('intents')
    .leftJoin('people', 'people.name', 'intents.requested_by')
    .select(['kind', 'job_id', 'build_id', 'made_build', 'requested_by', 'intents.created_at', 'people.display_name'])
    .where((eb) => eb.or([eb('build_id', 'in', builds), eb('made_build', 'in', builds)]))
    .where('requested_by', 'is not', null)
    .where('error_code', 'is', null)
    .orderBy('intents.id');
}

type Row = Awaited<ReturnType<ReturnType<typeof requests>['execute']>>[number];

function requestOf({ kind, job_id: job, requested_by: by, display_name: displayName, created_at: at }: Row) {
  return by === null ? [] : [{ kind, job, by, displayName, at: new Date(at).toISOString() }];
}
