import { serverNow } from './server-time.ts';

/**
 * When a job is tried again that could not be begun by no fault of the commit. What is the matter mostly passes in seconds (a
 * connection, a restart) or in a minute (a server that is updated); who has pushed should not wait longer than that to be told.
 */

/** Each pause gets longer by up to this part of it, so that the jobs of one moment do not all come back in another. */
const jitter = 0.5;

/** @returns milliseconds before the second, the third and each further attempt */
export function pausesOf(setting: string): number[] {
  return setting === 'off' ? [] : setting.split(',').map((seconds) => Number(seconds) * 1000);
}

/**
 * When the next attempt may begin.
 * @param tried how many attempts have ended so
 * @returns milliseconds since 1970; undefined where those were all
 */
export function nextTry(pauses: readonly number[], tried: number, now = serverNow()): number | undefined {
  const pause = pauses[tried - 1];
  return pause === undefined ? undefined : Math.round(now + pause * (1 + jitter * Math.random()));
}

/**
 * Whether an attempt may begin.
 * @param dueAt milliseconds since 1970; one that is further away than any pause was told by a clock that has been set since
 */
export function isDue(dueAt: number | null, pauses: readonly number[], now = serverNow()): boolean {
  return dueAt === null || now >= dueAt || dueAt - now > Math.max(0, ...pauses) * (1 + jitter);
}
