/**
 * The longest timer, in milliseconds: Node takes a longer one for one of a millisecond, see
 * https://nodejs.org/api/timers.html#settimeoutcallback-delay-args.
 */
export const longestTimer = 2 ** 31 - 1;

/**
 * Resolves after `ms` milliseconds, or at once when the signal aborts; never rejects. (That of node:timers/promises makes
 * an error with a stack for each wait that is ended early, which is too much for what happens all the time.)
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

/** Resolves with the promise's value, or with undefined when `ms` milliseconds have passed first. */
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

/** Until the promise has settled, or the signal aborts; never rejects. */
export function settled(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      signal?.removeEventListener('abort', end);
      resolve();
    };
    signal?.addEventListener('abort', end);
    promise.then(end, end);
  });
}

/** A wait that others can end. A ring that nobody waits for ends the next wait at once. */
export class Bell {
  #rung = false;
  #end: () => void = () => {};

  ring(): void {
    this.#rung = true;
    this.#end();
  }

  /** Until it has rung, at most `ms` milliseconds. */
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
 * Runs `task` now and every `ms` milliseconds, one run at a time, until stopped. An error is given to `failed` and the loop
 * goes on. All tasks of a process are done at the same moments, the multiples of their interval by its clock: to wake up a
 * process that rests costs more than most of what is then done.
 * @param ms may be asked for before each wait
 * @returns `now()` runs it without waiting for the interval; `stop()` resolves when a run under way has ended
 */
export function every(
  ms: number | (() => number),
  task: () => Promise<void>,
  failed: (error: unknown) => void,
): { now(): void; stop(): Promise<void> } {
  const interval = () => (typeof ms === 'number' ? ms : ms());
  let stopped = false;
  /** whether the run is one that did not wait for its moment; the next one comes a whole interval later */
  let asked = false;
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
      await pause(asked ? interval() : untilNext(interval()), wake.signal);
      asked = wake.signal.aborted;
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

/** Milliseconds to the next multiple of `ms`; a timer may come a little early, which is not to be a moment of its own. */
function untilNext(ms: number): number {
  const rest = Math.ceil(ms - (performance.now() % ms));
  return rest < ms / 10 ? rest + ms : rest;
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
