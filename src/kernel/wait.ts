import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after `ms` milliseconds, or at once when the signal aborts; never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : undefined).catch(() => undefined);
}

/** Resolves with the promise's value, or with undefined when `ms` milliseconds have passed first. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const stop = new AbortController();
  try {
    return await Promise.race([promise, pause(ms, stop.signal).then(() => undefined)]);
  } finally {
    stop.abort();
  }
}

/**
 * Runs `task` every `ms` milliseconds, one run at a time, until stopped. An error is given to `failed` and the loop
 * goes on.
 * @returns `now()` runs it without waiting for the interval; `stop()` resolves when a run under way has ended
 */
export function every(ms: number, task: () => Promise<void>, failed: (error: unknown) => void) {
  let stopped = false;
  let wake = new AbortController();
  const loop = (async () => {
    while (!stopped) {
      wake = new AbortController();
      try {
        await task();
      } catch (error) {
        if (!stopped) failed(error);
      }
      if (!stopped) await pause(ms, wake.signal);
    }
  })();
  return {
    now: () => wake.abort(),
    stop: async () => {
      stopped = true;
      wake.abort();
      await loop;
    },
  };
}

/** As `every`, but the first run comes after the first interval: for what a start need not be burdened with. */
export function everyLater(ms: number, task: () => Promise<void>, failed: (error: unknown) => void): Repeating {
  let begun = false;
  return every(
    ms,
    async () => {
      if (begun) await task();
      begun = true;
    },
    failed,
  );
}
export type Repeating = ReturnType<typeof every>;
