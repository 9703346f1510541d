import { understandsProjects } from '../queues/queue-labels.ts';
import type { Database } from '../record/database.ts';
import { listRunners } from '../redis/membership.ts';
import type { DispatcherContext } from './context.ts';

/** The answer is cached for this long (ms); queued-messages.ts corrects messages that were sent in this time. */
const cachedFor = 1000;
/** For this long (ms) after an older runner was there it may come back, such as one that is started again. */
const mayReturn = 600_000;
const found = new WeakMap<Database, { at: number; seenAt: number }>();

/** Whether there are runners, or were not long ago, that end jobs of discovered projects as `bad_message`. */
export async function hasOlderRunners({
  database,
  access,
}: Pick<DispatcherContext, 'access' | 'database'>): Promise<boolean> {
  const now = performance.now();
  const known = found.get(database);
  const isFresh = known !== undefined && now - known.at < cachedFor;
  const isThere = !isFresh && (await listRunners(access)).alive.some((runner) => !understandsProjects(runner));
  const seenAt = isThere ? now : (known?.seenAt ?? Number.NEGATIVE_INFINITY);
  if (!isFresh) found.set(database, { at: now, seenAt });
  return now - seenAt < mayReturn;
}
