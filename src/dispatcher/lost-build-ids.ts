import { skipBuildIds } from '../record/build-ids.ts';
import { highestBuild } from '../redis/identity.ts';
import type { DispatcherContext } from './context.ts';

/** Ids left out beyond the highest known one: Redis may have lost its last second, too. */
const gap = 1000;

/**
 * Checks whether the queues know builds that the database does not: it was set back by a disk that lost confirmed writes, by
 * an older copy, or by a failover to a server that was behind. The ids of these builds are then left out: messages, logs and
 * files may still refer to them, and a new build with such an id would be mistaken for the lost one.
 */
export async function skipLostBuildIds({
  access,
  database,
  logger,
}: Pick<DispatcherContext, 'access' | 'logger' | 'database'>): Promise<void> {
  // first: a build that a queue learns of after this is in the database by then
  const heard = await highestBuild(access);
  if (heard === undefined) return;
  const known = await skipBuildIds(database, heard, gap);
  if (known === undefined) return;
  logger.warn(
    `the database was set back: its last build is ${known}, but build ${heard} was already sent. Ids up to ${heard + gap} are left out; commits whose builds were lost are built again`,
  );
}
