import type { Database } from '../record/database.ts';
import { otherHolders, releaseIdleTargets } from '../record/holds.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { listStages } from '../redis/membership.ts';

/**
 * Lets others send to the targets of notifiers that have no heartbeat any more, in place of waiting until their time is over. Redis is
 * only a hint here: a notifier that was frozen, or that an emptied Redis does not know for a moment, finds that it has lost a target
 * before it sends there again.
 * @param own id of this notifier
 */
export async function releaseTargetsOfGone(
  { database, access }: { database: Database; access: RedisAccess },
  own: string,
): Promise<void> {
  const holders = await otherHolders(database, own);
  if (holders.length === 0) return;
  const { alive, unreadable } = await listStages(access, 'notifier');
  const present = new Set([...alive.map(({ id }) => id), ...unreadable]);
  for (const holder of holders) if (!present.has(holder)) await releaseIdleTargets(database, holder);
}
