import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { type BuildId, isFinal, parseBuildId } from '../kernel/model.ts';
import { databaseAddress } from '../record/address.ts';
import { removeOldActions } from '../record/audit.ts';
import { listBuilds } from '../record/builds.ts';
import { oldCopies } from '../record/copies.ts';
import { forgetGoneBranches } from '../record/cursors.ts';
import type { Database } from '../record/database.ts';
import { removeUnusedLabelSets } from '../record/fairness.ts';
import {
  day,
  type ExpiredBuild,
  expiredBuilds,
  forgetLogs,
  removeBuild,
  removeClosedIntents,
  repositoriesWithBuilds,
  sortBuilds,
} from '../record/retention.ts';
import { removeExpiredSessions } from '../record/sessions.ts';
import { removeForgottenTests, removeResults } from '../record/test-removal.ts';
import { removeUnusedModels } from '../record/unused-models.ts';
import { folderBytes } from '../system/disk.ts';
import { writeTestResults } from './test-results.ts';

/** What was removed, or would be with `dryRun`. */
export interface PrunedResults {
  builds: number;
  /** builds that stay without their logs */
  logs: number;
  /** logs of unknown builds */
  orphans: number;
  /** of removed logs and copies of the database */
  bytes: number;
}

export const nothingPruned: Readonly<PrunedResults> = { builds: 0, logs: 0, orphans: 0, bytes: 0 };

interface Context {
  database: Database;
  config: Config;
}

/** Builds that are handled before other work gets the event loop. */
const batch = 100;

/**
 * Removes the builds, logs and files in test_results/ that the settings do not keep: first from the database, then from the disk.
 * A crash in between leaves unknown files, which the next run removes.
 * @param options.now milliseconds since 1970
 */
export async function pruneResults(
  context: Context,
  { dryRun = false, now = Date.now() }: { dryRun?: boolean; now?: number } = {},
): Promise<PrunedResults> {
  const pruned = { ...nothingPruned };
  for (const repo of await repositoriesWithBuilds(context.database)) {
    for await (const page of expiredBuilds(context.database, repo, context.config, now, batch)) {
      await yieldToOthers();
      for (const build of page) await pruneBuild(context, build, dryRun, pruned);
    }
    if (!dryRun) await removeForgottenTests(context.database, repo);
    if (!dryRun) await forgetGoneBranches(context.database, repo);
  }
  await pruneLogs(context, dryRun, now, pruned);
  if (!dryRun && pruned.builds > 0) await removeUnusedModels(context.database);
  if (!dryRun) await removeUnusedLabelSets(context.database);
  if (!dryRun) await removeExpiredSessions(context.database, now);
  const { keepAuditDays } = context.config;
  if (!dryRun && keepAuditDays > 0) {
    while ((await removeOldActions(context.database, now - keepAuditDays * day, batch)) === batch)
      await yieldToOthers();
  }
  for (const { path, bytes } of recordCopies(context, now)) {
    pruned.bytes += bytes;
    if (!dryRun) await rm(path, { force: true });
  }
  const { keepDays } = context.config;
  if (!dryRun && keepDays > 0) {
    while ((await removeClosedIntents(context.database, now - keepDays * day, batch)) === batch) await yieldToOthers();
  }
  return pruned;
}

function recordCopies({ config }: Context, now: number) {
  const address = databaseAddress(config);
  return address.kind === 'sqlite' ? oldCopies(address.file, now) : [];
}

async function pruneBuild(
  context: Context,
  build: ExpiredBuild,
  dryRun: boolean,
  pruned: PrunedResults,
): Promise<void> {
  const bytes = await folderBytes(logFolder(context.config, build.id));
  if (!dryRun) await removeResults(context.database, build.id);
  if (!dryRun && !(await removeBuild(context.database, build.id))) return;
  pruned.builds++;
  pruned.bytes += bytes;
  if (!dryRun) await removeFiles(context, build);
  await yieldToOthers();
}

/** Removes logs that are older than VOLT_KEEP_LOG_DAYS, and logs of unknown builds. */
async function pruneLogs(context: Context, dryRun: boolean, now: number, pruned: PrunedResults): Promise<void> {
  const { database, config } = context;
  const before = config.keepLogDays === 0 ? Number.NEGATIVE_INFINITY : now - config.keepLogDays * day;
  const names = await readdir(dataPaths(config.dataDir).logs).catch(() => [] as string[]);
  const ids = names.flatMap((name) => parseBuildId(name) ?? []);
  for (let from = 0; from < ids.length; from += batch) {
    const { old, unknown } = await sortBuilds(database, ids.slice(from, from + batch), before);
    for (const id of [...old, ...unknown]) {
      // a log that is also a file in test_results/ frees nothing
      pruned.bytes += await folderBytes(logFolder(config, id), 1);
      if (dryRun) continue;
      await rm(logFolder(config, id), { recursive: true, force: true });
    }
    if (!dryRun) for (const id of old) await forgetLogs(database, id);
    pruned.logs += old.length;
    pruned.orphans += unknown.length;
    await yieldToOthers();
  }
}

/** Removes the files of a build that was deleted from the database. */
async function removeFiles({ database, config }: Context, { id, repo, sha }: ExpiredBuild): Promise<void> {
  await rm(logFolder(config, id), { recursive: true, force: true });
  const hasOthers = async () =>
    (await listBuilds(database, { repo, sha, limit: 500 })).some(({ status }) => isFinal(status));
  if (!(await hasOthers())) {
    const folder = join(dataPaths(config.dataDir).testResults, repo);
    for (const end of ['json', 'log']) await rm(join(folder, `${sha}.${end}`), { force: true });
  }
  // another build may have ended in this time, and the removed files may have been its files
  if (await hasOthers()) await writeTestResults(database, config.dataDir, { repo, sha });
}

function logFolder({ dataDir }: Config, id: BuildId): string {
  return join(dataPaths(dataDir).logs, id);
}
