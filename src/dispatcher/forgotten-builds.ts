import type { StageContext } from '../queues/stage.ts';
import { leaveOutBuildIds } from '../record/build-ids.ts';
import type { Database } from '../record/database.ts';
import { highestBuild } from '../redis/identity.ts';

/** Redis may have lost its last second, too, and builds may have been made that no queue has heard of. */
const gap = 1000;

/**
 * Looks whether queues have heard of builds that the record does not know: it was set back, as by a disk that does not
 * keep what it has confirmed, by a copy from before that somebody has put in its place, or by a database server whose place
 * was taken by one that was behind. Their ids are left out then: messages, logs and files may still speak of them, and a
 * build of the same id would be taken for the one that was forgotten.
 */
export async function leaveOutForgottenBuilds({
  access,
  database,
  logger,
}: Pick<StageContext, 'access' | 'logger'> & { database: Database }): Promise<void> {
  // asked first: what a queue hears of meanwhile is in the record by then
  const heard = await highestBuild(access);
  if (heard === undefined) return;
  const known = await leaveOutBuildIds(database, heard, gap);
  if (known === undefined) return;
  logger.warn(
    `the record ends with build ${known}, and build ${heard} was sent already: it is older than it was. Ids up to ${heard + gap} are left out; commits that it has forgotten are built again`,
  );
}
