import type { BuildId, BuildSummary } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { summaryOf } from './builds.ts';
import type { Database, Sql } from './database.ts';
import { type Reader, readable } from './visibility.ts';

/** The most builds that one request cancels or retries. */
export const mostAtOnce = 100;

/** Builds that a person acts on together, and what is asked of each. */
export interface ManyBuilds {
  /** cancel those that no job has begun, or run the jobs again that did not succeed */
  kind: 'cancel' | 'retry';
  status: 'queued' | 'error';
  /** only those of this repository */
  repo?: string | undefined;
  /** full name */
  ref?: string | undefined;
  /** only those that have ended since then (ms since 1970) */
  endedSince?: number | undefined;
  /** only these of them: those that the person has seen */
  only?: readonly BuildId[] | undefined;
  /** only those of repositories that it covers */
  reader: Reader;
}

export interface ChosenBuilds {
  /** newest first, at most `mostAtOnce` */
  builds: BuildSummary[];
  /** how many there are in all */
  total: number;
}

/** The builds that a request would be about. Those for which the same was requested already are left out. */
export async function chooseBuilds({ db }: Pick<Database, 'db'>, many: ManyBuilds): Promise<ChosenBuilds> {
  const rows = await chosen(db, many).selectAll('builds').orderBy('builds.id', 'desc').limit(mostAtOnce).execute();
  const counted = chosen(db, many).select(({ fn }) => fn.countAll<number>().as('count'));
  const total = rows.length < mostAtOnce ? rows.length : Number((await counted.executeTakeFirstOrThrow()).count);
  return { builds: rows.map(summaryOf), total };
}

/**
 * Requests the same of each of the builds, in one transaction.
 * @param by name of the person, null if unknown
 * @returns the builds, and their requests in the same order
 */
export async function requestOfMany(
  database: Database,
  many: ManyBuilds,
  by: string | null,
): Promise<ChosenBuilds & { requests: number[] }> {
  return database.write(async (db) => {
    const found = await chooseBuilds({ db }, many);
    if (found.builds.length === 0) return { ...found, requests: [] };
    const because = by === null ? {} : { reason: 'by_user' as const, message: `cancelled by ${by}` };
    const rows = await db
      .insertInto('intents')
      .values(
        found.builds.map(({ id, repo }) => ({
          ...{ kind: many.kind, repo, build_id: Number(id), requested_by: by, created_at: serverNow() },
          ...(many.kind === 'cancel' ? because : { failed_only: 1 }),
        })),
      )
      .returning(['id', 'build_id'])
      .execute();
    const ids = new Map(rows.map(({ id, build_id }) => [build_id, id]));
    return { ...found, requests: found.builds.flatMap(({ id }) => ids.get(Number(id)) ?? []) };
  });
}

function chosen(db: Sql, { kind, status, repo, ref, endedSince, only, reader }: ManyBuilds) {
  let query = db
    .selectFrom('builds')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .where('builds.status', '=', status)
    .where('repositories.removed_at', 'is', null)
    // of a former repository of that name
    .whereRef('builds.id', '>', 'repositories.foreign_builds')
    .where(readable(reader, 'builds.repo'))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('intents')
            .select('intents.id')
            .whereRef('intents.build_id', '=', 'builds.id')
            .where('intents.kind', '=', kind)
            .where('intents.job_id', 'is', null)
            .where('intents.closed_at', 'is', null),
        ),
      ),
    );
  if (repo !== undefined) query = query.where('builds.repo', '=', repo);
  if (ref !== undefined) query = query.where('builds.ref', '=', ref);
  if (endedSince !== undefined) query = query.where('builds.finished_at', '>=', endedSince);
  if (only !== undefined) query = query.where('builds.id', 'in', only.length === 0 ? [-1] : only.map(Number));
  return query;
}
