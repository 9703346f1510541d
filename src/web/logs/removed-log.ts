import { VoltError } from '../../kernel/errors.ts';
import type { BuildSummary } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';

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
export function refuseRemoved({ id, finishedAt }: Pick<BuildSummary, 'id' | 'finishedAt'>, keepLogDays: number): void {
  if (removedAfter(finishedAt, keepLogDays) === undefined) return;
  throw new VoltError('log_removed', `the log was removed: logs are kept for ${keepLogDays} days`, {
    remedy: `The verdict, the steps and the tests are kept: \`volt show ${id}\`. VOLT_KEEP_LOG_DAYS sets how long logs are kept.`,
  });
}
