import type { BuildId } from '../kernel/model.ts';
import type { Sql } from './database.ts';

/**
 * The builds of one ref that run the same are a series: their verdicts can be compared, and the newest one tells the state. Those of
 * pushes, of requests to run what a push runs, and of the heads of a pull request are the series `pushes`, which is the state of the
 * branch, tag or pull request. Those of a workflow that a schedule starts are a series of their own, named by the workflow's file. So
 * a nightly run hides no push that failed, and the other way round. What an event such as a comment or a person has started is in no
 * series: it says nothing that a later build could confirm.
 */
export const pushes = '';

/** The name of the file of the workflow of a series; null for other series. */
export function workflowOf(series: string | null): string | null {
  return series === null || series === pushes ? null : series.slice(series.lastIndexOf('/') + 1);
}

/** The series of each of some builds; null for those that are in none. */
export async function seriesOf({ db }: { db: Sql }, builds: readonly BuildId[]): Promise<Map<BuildId, string | null>> {
  if (builds.length === 0) return new Map();
  const rows = await db.selectFrom('builds').select(['id', 'series']).where('id', 'in', builds.map(Number)).execute();
  return new Map(rows.map(({ id, series }) => [String(id) as BuildId, series]));
}
