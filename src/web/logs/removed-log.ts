import type { Config } from '../../kernel/config.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { BuildId } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { findBuildSummary } from '../../record/builds.ts';
import type { Database } from '../../record/database.ts';

const day = 86_400_000;

/**
 * When Volt removed the logs of a build, at the earliest: reporter/prune.ts does it once a day.
 * @param finishedAt when the build has ended; null while it runs
 * @param keepLogDays the setting; 0 for as long as the build
 * @returns undefined if they are kept
 */
export function removedAfter(finishedAt: string | null, keepLogDays: number): string | undefined {
  if (finishedAt === null || keepLogDays === 0) return undefined;
  const end = Date.parse(finishedAt) + keepLogDays * day;
  return end < serverNow() ? new Date(end).toISOString() : undefined;
}

/** @throws VoltError `log_removed` for a log that is empty because it was removed */
export async function refuseRemoved(
  { config, database }: { config: Config; database: Database },
  build: BuildId,
): Promise<void> {
  const finishedAt = (await findBuildSummary(database, build))?.finishedAt ?? null;
  if (removedAfter(finishedAt, config.keepLogDays) === undefined) return;
  throw new VoltError('log_removed', `the log was removed: logs are kept for ${config.keepLogDays} days`, {
    remedy: `The verdict, the steps and the tests are kept: \`volt show ${build}\`. VOLT_KEEP_LOG_DAYS sets how long logs are kept.`,
  });
}
