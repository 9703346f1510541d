import type { BuildId, BuildSummary } from '../kernel/model.ts';
import { summaryOf } from './builds.ts';
import type { Database } from './database.ts';

/** A build's neighbours on its branch or tag. */
export interface BranchHistory {
  previous: BuildSummary | undefined;
  next: BuildSummary | undefined;
  /** of a failed build: the first failure since the last build that passed */
  brokenSince: BuildSummary | undefined;
  /** of a failed build: the first that passed after it */
  fixedBy: BuildSummary | undefined;
  /** of a build that passed: the first of the failures before it */
  mended: BuildSummary | undefined;
}

/**
 * Only `failure` counts as broken: an error, a cancelled or a skipped build says nothing about its commit. Each query is one
 * step into the index of the ref by status, however long the branch's history.
 */
export async function branchHistory(database: Database, build: BuildSummary): Promise<BranchHistory> {
  const [previous, next] = await Promise.all([
    neighbour(database, build, 'before', build.id),
    neighbour(database, build, 'after', build.id),
  ]);
  const none = { previous, next, brokenSince: undefined, fixedBy: undefined, mended: undefined };
  if (build.status !== 'failure' && build.status !== 'success') return none;
  const good = await neighbour(database, build, 'before', build.id, 'success');
  const firstBad = await neighbour(database, build, 'after', good?.id ?? ('0' as BuildId), 'failure');
  const bad = firstBad && Number(firstBad.id) <= Number(build.id) ? firstBad : undefined;
  if (build.status === 'success') return { ...none, mended: bad };
  return { ...none, brokenSince: bad, fixedBy: await neighbour(database, build, 'after', build.id, 'success') };
}

async function neighbour(
  database: Database,
  { repo, ref }: BuildSummary,
  side: 'before' | 'after',
  id: BuildId,
  status?: 'success' | 'failure',
): Promise<BuildSummary | undefined> {
  const ofRef = database.db.selectFrom('builds').selectAll().where('repo', '=', repo).where('ref', '=', ref);
  const chosen = status === undefined ? ofRef : ofRef.where('status', '=', status);
  const row = await chosen
    .where('id', side === 'before' ? '<' : '>', Number(id))
    .orderBy('id', side === 'before' ? 'desc' : 'asc')
    .limit(1)
    .executeTakeFirst();
  return row && summaryOf(row);
}
