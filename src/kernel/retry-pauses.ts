import { serverNow } from './server-time.ts';

/**
 * When a job runs again that could not start without a fault of the commit. The causes mostly pass in seconds (a connection, a
 * restart) or a minute (an update of a server); the author should not wait longer for a result.
 */

/** Each pause is longer by up to this part of it, so that many jobs do not run again at the same moment. */
const jitter = 0.5;

/** @returns milliseconds before the second, the third and each further attempt */
export function pausesOf(setting: string): number[] {
  return setting === 'off' ? [] : setting.split(',').map((seconds) => Number(seconds) * 1000);
}

/**
 * When the next attempt may begin.
 * @param tried how many attempts have ended so
 * @returns milliseconds since 1970; undefined after the last attempt
 */
export function nextAttemptTime(pauses: readonly number[], tried: number, now = serverNow()): number | undefined {
  const pause = pauses[tried - 1];
  return pause === undefined ? undefined : Math.round(now + pause * (1 + jitter * Math.random()));
}

/**
 * Whether an attempt may begin.
 * @param dueAt milliseconds since 1970; one further away than any pause comes from a clock that was set since
 */
export function isDue(dueAt: number | null, pauses: readonly number[], now = serverNow()): boolean {
  return dueAt === null || now >= dueAt || dueAt - now > Math.max(0, ...pauses) * (1 + jitter);
}
