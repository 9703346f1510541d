import { sql } from 'kysely';
import type { BuildId } from '../kernel/model.ts';
import type { Database } from './database.ts';
import { pushes } from './series.ts';
import { type Reader, readable } from './visibility.ts';

/** What an observed repository's default branch is like now. */
export interface DefaultBranch {
  repo: string;
  /** null before Volt has polled the repository */
  branch: string | null;
  /** code of the error that its polls meet; null if they succeed */
  error: string | null;
  /** the newest build that has passed, failed or ended in an error */
  verdict: BuildId | undefined;
  /** the newest build, which may have no verdict yet */
  newest: BuildId | undefined;
  /** whether the verdict is a success; null without a verdict */
  passes: boolean | null;
}

/**
 * The default branches of all observed repositories that the reader may see, by name, with their builds of pushes, see series.ts. Each
 * repository takes a few steps into an index.
 */
export async function defaultBranches(database: Database, reader: Reader): Promise<DefaultBranch[]> {
  const newest = (status?: 'success' | 'failure' | 'error') => sql<number | null>`(
    select one.id from builds as one
    where one.repo = repositories.name and one.ref = 'refs/heads/' || repositories.default_branch
      and one.series = ${pushes} ${status === undefined ? sql`` : sql`and one.status = ${status}`}
    order by one.id desc limit 1)`;
  const rows = await database.db
    .selectFrom('repositories')
    .select(['name', 'default_branch', 'error_code'])
    .select([
      newest().as('newest'),
      newest('success').as('passed'),
      newest('failure').as('failed'),
      newest('error').as('errored'),
    ])
    .where('removed_at', 'is', null)
    .where(readable(reader, 'repositories.name'))
    .orderBy('name')
    .execute();
  return rows.map(({ name, default_branch, error_code, newest, passed, failed, errored }) => {
    const verdict = Math.max(passed ?? 0, failed ?? 0, errored ?? 0);
    return {
      ...{ repo: name, branch: default_branch, error: error_code, newest: idOf(newest), verdict: idOf(verdict) },
      passes: verdict === 0 ? null : verdict === passed,
    };
  });
}

/** How many builds of each repository run now, of any branch; without repositories that have none. */
export async function runningByRepository(database: Database): Promise<Map<string, number>> {
  const rows = await database.db
    .selectFrom('builds')
    .select(['repo', (eb) => eb.fn.countAll<number>().as('count')])
    .where('status', '=', 'running')
    .groupBy('repo')
    .execute();
  return new Map(rows.map(({ repo, count }) => [repo, Number(count)]));
}

function idOf(id: number | null): BuildId | undefined {
  return id === null || id === 0 ? undefined : (String(id) as BuildId);
}
