import type { BuildSummary } from './model.ts';

/**
 * The time (ISO 8601) from which the duration of a build counts, up to its end or to now: its start, moved by the time that
 * it was over before retries. Null if it has not started.
 */
export function durationStart({ startedAt, idle }: Pick<BuildSummary, 'startedAt' | 'idle'>): string | null {
  if (startedAt === null || idle === 0) return startedAt;
  return new Date(Date.parse(startedAt) + idle).toISOString();
}
