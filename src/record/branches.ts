import type { BuildSummary, Status } from '../kernel/model.ts';
import { summaryOf } from './builds.ts';
import { isBranchOrTag } from './cursors.ts';
import type { Database } from './database.ts';
import { recentBuilds } from './recent-builds.ts';
import { pushes } from './series.ts';
import { holds } from './text-search.ts';
import { type Reader, readable } from './visibility.ts';

export interface ObservedRef {
  ref: string;
  sha: string;
  /** when Volt saw it move to this commit */
  movedAt: string;
  /** its newest builds, newest first */
  builds: BuildSummary[];
}

export interface RefFilter {
  /** part of the name; case does not matter */
  text?: string | undefined;
  /** the most refs */
  limit: number;
  /** the most builds of each */
  builds: number;
  /** who is to see them */
  reader: Reader;
}

/** The observed branches and tags of a repository that exist, the latest moved first, each with its newest builds. */
export async function observedRefs(
  database: Database,
  repo: string,
  { text, limit, builds, reader }: RefFilter,
): Promise<ObservedRef[]> {
  let query = database.db
    .selectFrom('cursors')
    .select(['repo', 'ref', 'sha', 'moved_at'])
    .where('repo', '=', repo)
    .where('absent', '=', 0)
    .where(isBranchOrTag);
  if (text !== undefined) query = query.where(holds('ref', text));
  const cursors = await query.orderBy('moved_at', 'desc').orderBy('ref').limit(limit).execute();
  const buildsOf = await recentBuilds(database, cursors, builds, reader);
  return cursors.map((cursor) => ({
    ref: cursor.ref,
    sha: cursor.sha,
    movedAt: new Date(cursor.moved_at).toISOString(),
    builds: buildsOf(cursor),
  }));
}

/** The full names of these refs alone. */
export async function refNames(database: Database, repo: string, limit: number): Promise<string[]> {
  const rows = await database.db
    .selectFrom('cursors')
    .select('ref')
    .where('repo', '=', repo)
    .where('absent', '=', 0)
    .where(isBranchOrTag)
    .orderBy('moved_at', 'desc')
    .orderBy('ref')
    .limit(limit)
    .execute();
  return rows.map(({ ref }) => ref);
}

/**
 * The newest build of a ref in a series, or the newest one in one of the statuses.
 * @param of.series see series.ts; by default that of pushes, which is the state of the ref
 */
export async function newestOf(
  database: Database,
  { repo, ref, series = pushes }: { repo: string; ref: string; series?: string },
  statuses?: readonly Status[],
): Promise<BuildSummary | undefined> {
  let query = database.db.selectFrom('builds').selectAll().where('repo', '=', repo).where('ref', '=', ref);
  query = query.where('series', '=', series);
  if (statuses) query = query.where('status', 'in', statuses);
  const row = await query.orderBy('id', 'desc').limit(1).executeTakeFirst();
  return row && summaryOf(row);
}

/** Names of observed branches of some repositories, or of all that the reader may see, the latest moved first. */
export async function branchNames(
  database: Database,
  reader: Reader,
  repos: readonly string[],
  limit: number,
): Promise<string[]> {
  let query = database.db.selectFrom('cursors').select('ref').where('ref', 'like', 'refs/heads/%');
  if (repos.length > 0) query = query.where('repo', 'in', repos);
  const rows = await query
    .where('absent', '=', 0)
    .where(readable(reader, 'cursors.repo'))
    .orderBy('moved_at', 'desc')
    .limit(limit)
    .execute();
  return [...new Set(rows.map(({ ref }) => ref.slice('refs/heads/'.length)))];
}
