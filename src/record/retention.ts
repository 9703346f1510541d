import type { ExpressionBuilder } from 'kysely';
import type { BuildId } from '../kernel/model.ts';
import { isBranchOrTag } from './cursors.ts';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';
import { pushes } from './series.ts';

/** Which finished builds are kept. Open builds are never touched. */
export interface Retention {
  /** finished builds older than this many days are pruned; 0 for no limit */
  keepDays: number;
  /**
   * finished builds beyond this many newest builds of a repository are pruned, and beyond as many of its pull requests and of
   * other events, of which strangers make any number; 0 for no limit
   */
  keepBuilds: number;
  /** this many newest finished builds of each repository stay whatever their age */
  keepAtLeast: number;
}

export interface ExpiredBuild {
  id: BuildId;
  number: number;
  repo: string;
  sha: string;
}

export const day = 86_400_000;

/** Names of all repositories with builds, including removed ones. */
export async function repositoriesWithBuilds(database: Database): Promise<string[]> {
  // a removed repository stays as long as it has builds
  const rows = await database.db
    .selectFrom('repositories')
    .select('name')
    .where(({ exists, selectFrom }) =>
      exists(selectFrom('builds').select('builds.id').whereRef('builds.repo', '=', 'repositories.name')),
    )
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}

/**
 * Builds of a repository to prune, oldest first, page by page: no statement reads more than one page. The newest finished
 * build of every observed branch and tag stays, and so does the build with the highest number, which the next number follows.
 * @param now milliseconds since 1970
 * @param page how many builds are checked at a time
 */
export async function* expiredBuilds(
  database: Database,
  repo: string,
  { keepDays, keepBuilds, keepAtLeast }: Retention,
  now: number,
  page: number,
): AsyncGenerator<ExpiredBuild[]> {
  if (keepDays === 0 && keepBuilds === 0) return;
  const builds = database.db.selectFrom('builds').select('id').where('repo', '=', repo).orderBy('id', 'desc').limit(1);
  const nth = async (query: typeof builds, count: number) => (await query.offset(count - 1).executeTakeFirst())?.id;
  const end = await nth(builds.where('finished_at', 'is not', null), Math.max(keepAtLeast, 1));
  if (end === undefined) return;
  const surplusOf = async (own: boolean) =>
    keepBuilds === 0
      ? undefined
      : nth(
          builds.where((eb) => (own ? isOwn(eb) : eb.not(isOwn(eb)))),
          keepBuilds,
        );
  const surplus = { own: await surplusOf(true), others: await surplusOf(false) };
  const before = keepDays === 0 ? Number.NEGATIVE_INFINITY : now - keepDays * day;
  const kept = await newestOfRefs(database, repo);
  for (let after = 0; ; ) {
    const rows = await database.db
      .selectFrom('builds')
      .select(['id', 'number', 'sha', 'pull_request', 'event', 'finished_at', 'reported_at'])
      .where('repo', '=', repo)
      .where('id', '>', after)
      .where('id', '<', end)
      .orderBy('id')
      .limit(page)
      .execute();
    yield rows
      .filter(({ id, pull_request, event, finished_at, reported_at }) => {
        if (finished_at === null || reported_at === null || kept.has(id)) return false;
        const least = pull_request === null && event === null ? surplus.own : surplus.others;
        return finished_at < before || (least !== undefined && id < least);
      })
      .map(({ id, number, sha }) => ({ id: String(id) as BuildId, number, repo, sha }));
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
  }
}

/** Strangers may cause any number of other builds, which are counted by themselves. */
function isOwn(eb: ExpressionBuilder<Schema, 'builds'>) {
  return eb.and([eb('pull_request', 'is', null), eb('event', 'is', null)]);
}

/** The newest finished build of a push of each observed branch and tag, and the newest build of all. */
async function newestOfRefs(database: Database, repo: string): Promise<Set<number>> {
  const kept = new Set<number>();
  const newest = database.db.selectFrom('builds').select('id').where('repo', '=', repo).orderBy('id', 'desc').limit(1);
  const cursors = database.db.selectFrom('cursors').select('ref').where('repo', '=', repo).where('absent', '=', 0);
  for (const { ref } of await cursors.where(isBranchOrTag).execute()) {
    const ofRef = newest.where('ref', '=', ref).where('finished_at', 'is not', null);
    const row = await ofRef.where('series', '=', pushes).executeTakeFirst();
    if (row) kept.add(row.id);
  }
  const last = await newest.executeTakeFirst();
  if (last) kept.add(last.id);
  return kept;
}

/** Removes a build with its jobs, attempts and steps; false if it is open, as after a retry, or gone already. */
export async function removeBuild(database: Database, id: BuildId): Promise<boolean> {
  return database.write(async (db) => {
    const removed = await db
      .deleteFrom('builds')
      .where('id', '=', Number(id))
      .where('finished_at', 'is not', null)
      .returning('id')
      .executeTakeFirst();
    return removed !== undefined;
  });
}

/** Which of these ids are of builds that finished before that time, and which of no build at all. */
export async function sortBuilds(
  database: Database,
  ids: readonly BuildId[],
  before: number,
): Promise<{ old: BuildId[]; unknown: BuildId[] }> {
  const rows = await database.db
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

/** Notes that the logs of a build were pruned. */
export async function forgetLogs(database: Database, id: BuildId): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('attempts')
      .set({ log_bytes: null, log_complete: null })
      .where('job_id', 'in', (eb) => eb.selectFrom('jobs').select('id').where('build_id', '=', Number(id)))
      .execute(),
  );
}

/** Removes requests that were closed before that time. @returns how many */
export async function removeClosedIntents(database: Database, before: number, limit: number): Promise<number> {
  const removed = await database.write((db) =>
    db
      .deleteFrom('intents')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('intents')
          .select('id')
          .where('closed_at', '<', before)
          .where(({ or, not, exists, selectFrom }) =>
            or([
              eb('error_code', 'is', null),
              not(exists(selectFrom('audit').select('audit.id').whereRef('audit.intent_id', '=', 'intents.id'))),
            ]),
          )
          .limit(limit),
      )
      .returning('id')
      .execute(),
  );
  return removed.length;
}
