import { fitsGlobs } from '../kernel/names.ts';
import { isReserved, mayServeRepository } from '../queues/queue-labels.ts';
import type { Database } from '../record/database.ts';
import { listRunnerKeys } from '../record/runner-keys.ts';
import { listRunners } from '../redis/membership.ts';
import type { DispatcherContext } from './context.ts';

/** The answer is cached for this long (ms); queued-messages.ts corrects messages that were sent in this time. */
const cachedFor = 1000;
const found = new WeakMap<Database, { isReservedRepository: (repo: string) => boolean; at: number }>();

/** @returns whether runners are reserved for a repository, by their keys or by their `--repos` */
export async function findReservedRepositories({
  database,
  access,
}: Pick<DispatcherContext, 'access' | 'database'>): Promise<(repo: string) => boolean> {
  const known = found.get(database);
  if (known && performance.now() - known.at < cachedFor) return known.isReservedRepository;
  const keys = (await listRunnerKeys(database)).filter(({ repos }) => repos.length > 0);
  const runners = (await listRunners(access)).alive.filter(isReserved);
  const isReservedRepository = (repo: string) =>
    keys.some(({ repos }) => fitsGlobs(repos, repo)) || runners.some((runner) => mayServeRepository(runner, repo));
  found.set(database, { isReservedRepository, at: performance.now() });
  return isReservedRepository;
}
