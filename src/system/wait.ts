/**
 * The longest timer, in milliseconds: Node fires a longer one after a millisecond, see
 * https://nodejs.org/api/timers.html#settimeoutcallback-delay-args.
 */
export const longestTimer = 2 ** 31 - 1;

/**
 * Resolves after `ms` milliseconds, or when the signal aborts; never rejects. (node:timers/promises creates an error with a stack for
 * each aborted wait, which is expensive for frequent ones.)
 */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

/** Resolves with the promise's value, or with undefined after `ms` milliseconds. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the promise has settled or the signal aborts; never rejects. */
export function settled(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      signal?.removeEventListener('abort', end);
      resolve();
    };
    signal?.addEventListener('abort', end);
    promise.then(end, end);
  });
}

/** A wait that others can end. A ring without a waiter ends the next wait at once. */
export class Bell {
  #rung = false;
  #end: () => void = () => {};

  ring(): void {
    this.#rung = true;
    this.#end();
  }

  /** Resolves when it rings, or after `ms` milliseconds. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
  }
}

/**
 * Runs `task` now and every `ms` milliseconds, one run at a time, until stopped. Calls `failed` with an error and continues. All tasks
 * of a process run at the same moments, the multiples of their interval by its clock: waking an idle process costs more
 * than most tasks.
 * @param ms a function is called before each wait
 * @returns `now()` starts a run at once; `stop()` resolves when a run under way has ended
 */
export function every(
  ms: number | (() => number),
  task: () => Promise<void>,
  failed: (error: unknown) => void,
): { now(): void; stop(): Promise<void> } {
  const interval = () => (typeof ms === 'number' ? ms : ms());
  let stopped = false;
  /** whether `now()` started the run; the next one comes a whole interval later */
  let onDemand = false;
  let wake = new AbortController();
  const loop = (async () => {
    while (!stopped) {
      wake = new AbortController();
      try {
        await task();
      } catch (error) {
        if (!stopped) failed(error);
      }
      if (stopped) break;
      await pause(onDemand ? interval() : untilNext(interval()), wake.signal);
      onDemand = wake.signal.aborted;
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

/** Milliseconds to the next multiple of `ms`; skips a very near one, since a timer may fire a little early. */
function untilNext(ms: number): number {
  const rest = Math.ceil(ms - (performance.now() % ms));
  return rest < ms / 10 ? rest + ms : rest;
}

/** As `every`, with the first run after the first interval, so that it does not slow down the start. */
export function everyLater(ms: number, task: () => Promise<void>, failed: (error: unknown) => void): Repeating {
  let isFirst = true;
  return every(
    ms,
    async () => {
      if (!isFirst) await task();
      isFirst = false;
    },
    failed,
  );
}
export type Repeating = ReturnType<typeof every>;
