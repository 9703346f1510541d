import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dataPaths, logFile } from '../kernel/data-paths.ts';
import { jobIdOf } from '../kernel/model.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { buildsToPurge, deleteBuilds, forgetRepository, purgeableRepository } from '../record/removal.ts';
import { removeForgottenTests, removeResults } from '../record/test-removal.ts';

/** Builds that are deleted at once, few enough not to hold up the database and the event loop. */
const batch = 50;

/**
 * Deletes the history of a removed repository once all its builds have ended: logs and test results first, so that an interrupted
 * deletion is continued.
 */
export async function deleteRemovedHistory({
  database,
  config,
  logger,
}: StageContext & { database: Database }): Promise<void> {
  const name = await purgeableRepository(database);
  if (name === undefined) return;
  await rm(join(dataPaths(config.dataDir).testResults, name), { recursive: true, force: true });
  for (;;) {
    const builds = await buildsToPurge(database, name, batch);
    if (builds.length === 0) break;
    for (const build of builds) {
      const logs = dirname(logFile(config.dataDir, { job: jobIdOf(build, 1), attempt: 1 }));
      await rm(logs, { recursive: true, force: true });
      await removeResults(database, build);
    }
    await deleteBuilds(database, builds);
  }
  await removeForgottenTests(database, name);
  await forgetRepository(database, name);
  logger.info(`deleted the history of ${name}`);
}
