import type { BuildId, BuildSummary } from '../kernel/model.ts';
import { brokenSince } from './broken-since.ts';
import { withPeople } from './build-people.ts';
import { summaryOf } from './builds.ts';
import type { Database } from './database.ts';
import { pushes, seriesOf } from './series.ts';
import { nobody, type Reader } from './visibility.ts';

/** A build's neighbours of its series on its branch or tag; those of pushes for a build that is in none. */
export interface BranchHistory {
  /** see record/series.ts */
  series: string | null;
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

/**
 * Each query is a step into the index of the ref by status, however long the branch's history.
 * @param reader who is to see it
 */
export async function branchHistory(database: Database, build: BuildSummary, reader = nobody): Promise<BranchHistory> {
  const series = (await seriesOf(database, [build.id])).get(build.id) ?? null;
  const of = { ...build, series: series ?? pushes, reader };
  const [previous, next] = await Promise.all([
    neighbour(database, of, 'before', build.id),
    neighbour(database, of, 'after', build.id),
  ]);
  const none = {
    series,
    previous,
    next,
    hasPassed: false,
    brokenSince: undefined,
    fixedBy: undefined,
    mended: undefined,
  };
  if (build.status !== 'failure' && build.status !== 'success') return none;
  if (series === null) return none;
  const good = await neighbour(database, of, 'before', build.id, 'success');
  const bad = (await brokenSince(database, [build.id], reader)).get(build.id);
  const known = { ...none, hasPassed: good !== undefined };
  if (build.status === 'success') return { ...known, mended: bad };
  return { ...known, brokenSince: bad, fixedBy: await neighbour(database, of, 'after', build.id, 'success') };
}

async function neighbour(
  database: Database,
  { repo, ref, series, reader }: Pick<BuildSummary, 'repo' | 'ref'> & { series: string; reader: Reader },
  side: 'before' | 'after',
  id: BuildId,
  status?: 'success' | 'failure',
): Promise<BuildSummary | undefined> {
  const all = database.db.selectFrom('builds').selectAll().where('repo', '=', repo).where('ref', '=', ref);
  const ofSeries = all.where('series', '=', series);
  const chosen = status === undefined ? ofSeries : ofSeries.where('status', '=', status);
  const row = await chosen
    .where('id', side === 'before' ? '<' : '>', Number(id))
    .orderBy('id', side === 'before' ? 'desc' : 'asc')
    .limit(1)
    .executeTakeFirst();
  return row && (await withPeople(database, [summaryOf(row)], reader))[0];
}
