import { fitsGlobs } from '../kernel/names.ts';
import { isKept, mayServe } from '../queues/kept.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Record } from '../record/record.ts';
import { listRunnerKeys } from '../record/runner-keys.ts';
import { listRunners } from '../redis/membership.ts';

/** What is found out is believed for so long (ms): where a job was sent is looked at again by queued-messages.ts. */
const believed = 1000;
const found = new WeakMap<Record, { keptFor: (repo: string) => boolean; at: number }>();

/** Whether runners are kept for a repository: by their keys, or by what they say of themselves. */
export async function keptRepositories({
  record,
  access,
}: Pick<StageContext, 'access'> & { record: Record }): Promise<(repo: string) => boolean> {
  const known = found.get(record);
  if (known && performance.now() - known.at < believed) return known.keptFor;
  const keys = (await listRunnerKeys(record)).filter(({ repos }) => repos.length > 0);
  const runners = (await listRunners(access)).alive.filter(isKept);
  const keptFor = (repo: string) =>
    keys.some(({ repos }) => fitsGlobs(repos, repo)) || runners.some((runner) => mayServe(runner, repo));
  found.set(record, { keptFor, at: performance.now() });
  return keptFor;
}
