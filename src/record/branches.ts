import type { BuildSummary, Status } from '../kernel/model.ts';
import { summaryOf } from './builds.ts';
import { isBranchOrTag } from './cursors.ts';
import type { Database } from './database.ts';

export interface ObservedRef {
  ref: string;
  sha: string;
  newest: BuildSummary | undefined;
}

/** The observed branches and tags of a repository that exist, the latest moved first, each with its newest build. */
export async function observedRefs(database: Database, repo: string, limit: number): Promise<ObservedRef[]> {
  const cursors = await database.db
    .selectFrom('cursors')
    .select(['ref', 'sha'])
    .where('repo', '=', repo)
    .where('absent', '=', 0)
    .where(isBranchOrTag)
    .orderBy('moved_at', 'desc')
    .limit(limit)
    .execute();
  return Promise.all(
    cursors.map(async (cursor) => ({ ...cursor, newest: await newestOf(database, repo, cursor.ref) })),
  );
}

/**
 * The newest build of a ref, or the newest one in one of the statuses. What events such as comments have started says nothing about
 * the ref.
 */
export async function newestOf(
  database: Database,
  repo: string,
  ref: string,
  statuses?: readonly Status[],
): Promise<BuildSummary | undefined> {
  let query = database.db.selectFrom('builds').selectAll().where('repo', '=', repo).where('ref', '=', ref);
  query = query.where('event', 'is', null);
  if (statuses) query = query.where('status', 'in', statuses);
  const row = await query.orderBy('id', 'desc').limit(1).executeTakeFirst();
  return row && summaryOf(row);
}
