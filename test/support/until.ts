import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits for a condition, checking every few milliseconds; fails with its name if it does not come true in time.
 * @returns the value of the condition
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeout = 20_000,
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain: ${what}`);
    await pause(10);
  }
}
