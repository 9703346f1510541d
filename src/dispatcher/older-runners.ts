import { type LaterPlan, laterPlans } from '../kernel/later-plans.ts';
import { takes } from '../queues/queue-labels.ts';
import type { Database } from '../record/database.ts';
import { listRunners } from '../redis/membership.ts';
import type { DispatcherContext } from './context.ts';

/** The answer is cached for this long (ms); queued-messages.ts corrects messages that were sent in this time. */
const cachedFor = 1000;
/** For this long (ms) after an older runner was there it may come back, such as one that is started again. */
const mayReturn = 600_000;

/** What is known of a database's runners. */
interface Seen {
  at: number;
  /** when a runner that does not understand a kind of plan was there */
  older: Map<LaterPlan, number>;
}
const found = new WeakMap<Database, Seen>();

/** The kinds of plans that some runner does not understand which is there, or was not long ago. */
export async function olderRunners({
  database,
  access,
}: Pick<DispatcherContext, 'access' | 'database'>): Promise<Set<LaterPlan>> {
  const now = performance.now();
  const known = found.get(database);
  const seen = known && now - known.at < cachedFor ? known : { at: now, older: new Map(known?.older) };
  if (seen !== known) {
    const { alive } = await listRunners(access);
    for (const kind of laterPlans) if (alive.some((runner) => !takes(runner, kind))) seen.older.set(kind, now);
    found.set(database, seen);
  }
  return new Set(laterPlans.filter((kind) => now - (seen.older.get(kind) ?? Number.NEGATIVE_INFINITY) < mayReturn));
}
