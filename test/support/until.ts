import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds between two checks: many conditions read a database or files, which in a long wait keeps a core busy. */
const interval = { shortest: 10, longest: 50 };

/**
 * Waits for a condition; fails with its name if it does not come true in time. It checks every few milliseconds at first,
 * and less often the longer it waits.
 * @returns the value of the condition
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeout = 20_000,
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const start = Date.now();
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
    const waited = Date.now() - start;
    if (waited > timeout) throw new Error(`waited ${timeout} ms in vain: ${what}`);
    await pause(Math.min(Math.max(waited / 20, interval.shortest), interval.longest));
  }
}
