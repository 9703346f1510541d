import type { BuildId } from '../kernel/model.ts';
import type { Record } from './record.ts';

/** Which finished builds are kept. What is open is never touched. */
export interface Retention {
  /** finished builds that are older than this many days may go; 0 for no bound */
  keepDays: number;
  /** of each repository only so many of the newest finished builds are kept; 0 for no bound */
  keepBuilds: number;
  /** so many of the newest finished builds of each repository stay whatever their age */
  keepAtLeast: number;
}

export interface ExpiredBuild {
  id: BuildId;
  number: number;
  repo: string;
  sha: string;
}

export const day = 86_400_000;

/** Names of all repositories that have builds, also of those that are not observed any more. */
export async function repositoriesWithBuilds(record: Record): Promise<string[]> {
  const rows = await record.db.selectFrom('builds').select('repo').distinct().orderBy('repo').execute();
  return rows.map(({ repo }) => repo);
}

/**
 * Builds of a repository that need not be kept, oldest first. The newest finished build of every observed ref stays, and
 * so does the build with the highest number, from which the next one is counted.
 * @param now milliseconds since 1970
 * @param after only builds younger than this one
 */
export async function expiredBuilds(
  record: Record,
  repo: string,
  { keepDays, keepBuilds, keepAtLeast }: Retention,
  now: number,
  limit: number,
  after = 0,
): Promise<ExpiredBuild[]> {
  const finished = record.db.selectFrom('builds').where('repo', '=', repo).where('finished_at', 'is not', null);
  const nth = async (count: number) =>
    (
      await finished
        .select('id')
        .orderBy('id', 'desc')
        .offset(count - 1)
        .limit(1)
        .executeTakeFirst()
    )?.id;
  const youngest = await nth(Math.max(keepAtLeast, 1));
  const surplus = keepBuilds === 0 ? undefined : await nth(keepBuilds);
  if (youngest === undefined || (keepDays === 0 && surplus === undefined)) return [];
  const rows = await finished
    .select(['id', 'number', 'sha'])
    .where('id', '<', youngest)
    .where('id', '>', after)
    .where('reported_at', 'is not', null)
    .where((eb) =>
      eb.or([
        ...(keepDays === 0 ? [] : [eb('finished_at', '<', now - keepDays * day)]),
        ...(surplus === undefined ? [] : [eb('id', '<', surplus)]),
      ]),
    )
    .orderBy('id')
    .limit(limit)
    .execute();
  const kept = await newestOfRefs(record, repo);
  return rows
    .filter(({ id }) => !kept.has(id))
    .map(({ id, number, sha }) => ({ id: String(id) as BuildId, number, repo, sha }));
}

/** The newest finished build of each ref that is observed, and the newest build of all. */
async function newestOfRefs(record: Record, repo: string): Promise<Set<number>> {
  const kept = new Set<number>();
  const newest = record.db.selectFrom('builds').select('id').where('repo', '=', repo).orderBy('id', 'desc').limit(1);
  for (const { ref } of await record.db.selectFrom('cursors').select('ref').where('repo', '=', repo).execute()) {
    const row = await newest.where('ref', '=', ref).where('finished_at', 'is not', null).executeTakeFirst();
    if (row) kept.add(row.id);
  }
  const last = await newest.executeTakeFirst();
  if (last) kept.add(last.id);
  return kept;
}

/** Removes a build with its jobs, attempts and steps; false when it is open, as after a retry, or gone already. */
export async function removeBuild(record: Record, id: BuildId): Promise<boolean> {
  return record.write(async (db) => {
    const removed = await db
      .deleteFrom('builds')
      .where('id', '=', Number(id))
      .where('finished_at', 'is not', null)
      .returning('id')
      .executeTakeFirst();
    return removed !== undefined;
  });
}

/** Which of these are the ids of builds that finished before that time, and which of no build at all. */
export async function sortBuilds(
  record: Record,
  ids: readonly BuildId[],
  before: number,
): Promise<{ old: BuildId[]; unknown: BuildId[] }> {
  const rows = await record.db
    .selectFrom('builds')
    .select(['id', 'finished_at'])
    .where('id', 'in', ids.map(Number))
    .execute();
  const known = new Map(rows.map(({ id, finished_at }) => [String(id), finished_at]));
  return {
    old: ids.filter((id) => (known.get(id) ?? Number.POSITIVE_INFINITY) < before),
    unknown: ids.filter((id) => !known.has(id)),
  };
}

/** Notes that the logs of a build are not kept any more. */
export async function forgetLogs(record: Record, id: BuildId): Promise<void> {
  await record.write((db) =>
    db
      .updateTable('attempts')
      .set({ log_bytes: null, log_complete: null })
      .where('job_id', 'in', (eb) => eb.selectFrom('jobs').select('id').where('build_id', '=', Number(id)))
      .execute(),
  );
}

/** Removes requests that had their effect before that time. @returns how many */
export async function removeClosedIntents(record: Record, before: number, limit: number): Promise<number> {
  const removed = await record.write((db) =>
    db
      .deleteFrom('intents')
      .where('id', 'in', (eb) => eb.selectFrom('intents').select('id').where('closed_at', '<', before).limit(limit))
      .returning('id')
      .execute(),
  );
  return removed.length;
}
