import { fitsGlobs } from '../kernel/names.ts';
import { isKept, mayServe } from '../queues/kept.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { listRunnerKeys } from '../record/runner-keys.ts';
import { listRunners } from '../redis/membership.ts';

/** The answer is cached for this long (ms); queued-messages.ts corrects what was sent meanwhile. */
const cachedFor = 1000;
const found = new WeakMap<Database, { keptFor: (repo: string) => boolean; at: number }>();

/** @returns whether runners are kept for a repository, by their keys or by their `--repos` */
export async function keptRepositories({
  database,
  access,
}: Pick<StageContext, 'access'> & { database: Database }): Promise<(repo: string) => boolean> {
  const known = found.get(database);
  if (known && performance.now() - known.at < cachedFor) return known.keptFor;
  const keys = (await listRunnerKeys(database)).filter(({ repos }) => repos.length > 0);
  const runners = (await listRunners(access)).alive.filter(isKept);
  const keptFor = (repo: string) =>
    keys.some(({ repos }) => fitsGlobs(repos, repo)) || runners.some((runner) => mayServe(runner, repo));
  found.set(database, { keptFor, at: performance.now() });
  return keptFor;
}
