import type { BuildId, BuildSummary } from '../kernel/model.ts';
import { brokenSince } from './broken-since.ts';
import { summaryOf } from './builds.ts';
import type { Database } from './database.ts';

/** A build's neighbours on its branch or tag. */
export interface BranchHistory {
  previous: BuildSummary | undefined;
  next: BuildSummary | undefined;
  /** whether a build before has passed */
  hasPassed: boolean;
  /** of a failed build: the first failure since the last build that passed, without those of flaky tests alone */
  brokenSince: BuildSummary | undefined;
  /** of a failed build: the first that passed after it */
  fixedBy: BuildSummary | undefined;
  /** of a build that passed: the first of the failures before it, without those of flaky tests alone */
  mended: BuildSummary | undefined;
}

/** Each query is a step into the index of the ref by status, however long the branch's history. */
export async function branchHistory(database: Database, build: BuildSummary): Promise<BranchHistory> {
  const [previous, next] = await Promise.all([
    neighbour(database, build, 'before', build.id),
    neighbour(database, build, 'after', build.id),
  ]);
  const none = { previous, next, hasPassed: false, brokenSince: undefined, fixedBy: undefined, mended: undefined };
  if (build.status !== 'failure' && build.status !== 'success') return none;
  if (await isApart(database, build.id)) return none;
  const good = await neighbour(database, build, 'before', build.id, 'success');
  const bad = (await brokenSince(database, [build.id])).get(build.id);
  const known = { ...none, hasPassed: good !== undefined };
  if (build.status === 'success') return { ...known, mended: bad };
  return { ...known, brokenSince: bad, fixedBy: await neighbour(database, build, 'after', build.id, 'success') };
}

/** Whether an event has started the build, so that it says nothing about its branch. */
async function isApart({ db }: Database, id: BuildId): Promise<boolean> {
  const row = await db.selectFrom('builds').select('event').where('id', '=', Number(id)).executeTakeFirst();
  return (row?.event ?? null) !== null;
}

async function neighbour(
  database: Database,
  { repo, ref }: BuildSummary,
  side: 'before' | 'after',
  id: BuildId,
  status?: 'success' | 'failure',
): Promise<BuildSummary | undefined> {
  const all = database.db.selectFrom('builds').selectAll().where('repo', '=', repo).where('ref', '=', ref);
  // what events such as comments have started says nothing about the branch
  const ofRef = all.where('event', 'is', null);
  const chosen = status === undefined ? ofRef : ofRef.where('status', '=', status);
  const row = await chosen
    .where('id', side === 'before' ? '<' : '>', Number(id))
    .orderBy('id', side === 'before' ? 'desc' : 'asc')
    .limit(1)
    .executeTakeFirst();
  return row && summaryOf(row);
}
