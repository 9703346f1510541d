import type { AttemptRef } from '../kernel/model.ts';
import { nextAttemptTime } from '../kernel/retry-pauses.ts';
import type { Write } from './database.ts';

/**
 * A job whose attempt ended in an error that may pass, before any command of the job had started, or because of its runner's
 * disk, is queued again: its next attempt is sent when it is due (`due_at`), if possible to a runner that has not failed
 * (`avoid`). Both columns stay until the job has ended, or until a person retries it, which starts the count again.
 */

/** Names of the runners of these attempts, one for each attempt, oldest first. */
export type TriedRunners = readonly string[];

/** @returns undefined if the attempt is not the current one of an open job */
export async function triedRunnersOf(
  db: Write,
  ref: AttemptRef,
): Promise<{ tried: TriedRunners; dueAt: number | null } | undefined> {
  const row = await db
    .selectFrom('jobs')
    .select(['avoid', 'due_at'])
    .where('id', '=', ref.job)
    .where('attempt', '=', ref.attempt)
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirst();
  return row && { tried: parseTriedRunners(row.avoid), dueAt: row.due_at };
}

export function parseTriedRunners(column: string | null): TriedRunners {
  return column === null ? [] : (JSON.parse(column) as string[]);
}

/** The message of the job while it waits for its next attempt, and when that is due. */
export function scheduleNextAttempt(
  tried: TriedRunners,
  pauses: readonly number[],
  message: string,
): { dueAt: number; message: string } | undefined {
  const dueAt = nextAttemptTime(pauses, tried.length);
  if (dueAt === undefined) return undefined;
  const time = new Date(dueAt).toISOString().slice(11, 19);
  return { dueAt, message: `tries again at ${time} UTC, on another runner if possible: ${message}` };
}

/** The message of the job after its last attempt. */
export function finalMessage(tried: TriedRunners, message: string | null): string | null {
  if (tried.length < 2) return message;
  return `tried ${tried.length} times, on ${[...new Set(tried)].join(', ')}; last: ${message}`;
}
