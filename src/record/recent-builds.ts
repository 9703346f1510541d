import type { BuildSummary } from '../kernel/model.ts';
import { withPeople } from './build-people.ts';
import { summaryOf } from './builds.ts';
import type { Database } from './database.ts';
import { rowBatches } from './row-batches.ts';
import { pushes } from './series.ts';
import { nobody } from './visibility.ts';

/** A ref of a repository. */
export interface RefOf {
  repo: string;
  /** full name */
  ref: string;
}

/**
 * The newest builds of some refs that tell their state, newest first: those of pushes, see series.ts. Each ref takes one step into
 * the index of its builds, however many it has; a statement asks for many refs.
 * @param limit the most builds of each ref
 * @param reader who is to see them
 * @returns a function that gives the builds of one of the refs
 */
export async function recentBuilds(
  database: Database,
  refs: readonly RefOf[],
  limit: number,
  reader = nobody,
): Promise<(of: RefOf) => BuildSummary[]> {
  const known = new Map<string, BuildSummary[]>();
  for (const batch of rowBatches(refs)) {
    const [first, ...others] = batch.map((of) => newestBuildsOf(database, of, limit));
    if (!first) continue;
    const rows = await others.reduce((all, one) => all.unionAll(one), first).execute();
    for (const build of await withPeople(database, rows.map(summaryOf), reader)) {
      const key = keyOf(build);
      const list = known.get(key);
      if (list) list.push(build);
      else known.set(key, [build]);
    }
  }
  for (const builds of known.values()) builds.sort((a, b) => Number(b.id) - Number(a.id));
  return (of) => known.get(keyOf(of)) ?? [];
}

function newestBuildsOf({ db }: Database, { repo, ref }: RefOf, limit: number) {
  const newest = db
    .selectFrom('builds')
    .selectAll()
    .where('repo', '=', repo)
    .where('ref', '=', ref)
    .where('series', '=', pushes)
    .orderBy('id', 'desc')
    .limit(limit);
  // a part of a union has no order and no limit of its own, so it is a subquery
  return db.selectFrom(newest.as('newest')).selectAll();
}

/** @param of the name of a repository has no space */
function keyOf({ repo, ref }: RefOf): string {
  return `${repo} ${ref}`;
}
