import type { AttemptRef } from '../kernel/model.ts';
import { nextTry } from '../kernel/tries.ts';
import type { Write } from './database.ts';

/**
 * A job whose attempt ended in an error that may pass, before any command of the job had begun, is queued once more: its
 * next attempt is sent when it is due (`due_at`), to another runner than those of the attempts that ended so (`avoid`) as far
 * as there is one. Both stay until the job has ended, or a person has it retried, which begins to count anew.
 */

/** Names of the runners of attempts that ended so, one for each of them, the oldest first. */
export type Tried = readonly string[];

/** @returns undefined where the attempt is not the current one of an open job */
export async function triedBefore(
  db: Write,
  ref: AttemptRef,
): Promise<{ tried: Tried; dueAt: number | null } | undefined> {
  const row = await db
    .selectFrom('jobs')
    .select(['avoid', 'due_at'])
    .where('id', '=', ref.job)
    .where('attempt', '=', ref.attempt)
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirst();
  return row && { tried: triedOf(row.avoid), dueAt: row.due_at };
}

export function triedOf(column: string | null): Tried {
  return column === null ? [] : (JSON.parse(column) as string[]);
}

/** What is said of the job while it waits for its next attempt, and when that is due. */
export function another(
  tried: Tried,
  pauses: readonly number[],
  message: string,
): { dueAt: number; message: string } | undefined {
  const dueAt = nextTry(pauses, tried.length);
  if (dueAt === undefined) return undefined;
  const time = new Date(dueAt).toISOString().slice(11, 19);
  return { dueAt, message: `tries again at ${time} UTC, on another runner where there is one: ${message}` };
}

/** What is said of the job in the end. */
export function inTheEnd(tried: Tried, message: string | null): string | null {
  if (tried.length < 2) return message;
  return `tried ${tried.length} times, on ${[...new Set(tried)].join(', ')}; last: ${message}`;
}
