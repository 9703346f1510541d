/** Somebody who waits for a pull. */
export interface PullWaiter {
  /** takes sentences for the job's log */
  say(text: string): void;
  /** aborts when the waiter does not need the image any more */
  signal: AbortSignal;
}

interface SharedPull<T> {
  waiters: Set<PullWaiter>;
  stop: AbortController;
  done: Promise<T>;
}

/** Pulls that several jobs wait for. A pull goes on as long as somebody waits for it. */
export class SharedPulls<T> {
  readonly #running = new Map<string, SharedPull<T>>();

  /**
   * Joins the pull with the key, or begins it.
   * @param work pulls; what it says goes to all waiters
   * @throws what `work` throws, to all waiters; the reason of the waiter's signal
   */
  async join(key: string, waiter: PullWaiter, work: (whole: PullWaiter) => Promise<T>): Promise<T> {
    waiter.signal.throwIfAborted();
    const known = this.#running.get(key);
    const pull = known ?? this.#begin(key, work, waiter);
    if (known) {
      waiter.say('another job pulls it already');
      known.waiters.add(waiter);
    }
    try {
      return await unlessAborted(pull.done, waiter.signal);
    } finally {
      pull.waiters.delete(waiter);
      if (pull.waiters.size === 0) {
        this.#forget(key, pull);
        pull.stop.abort(new Error('nobody waits for the image any more'));
      }
    }
  }

  #begin(key: string, work: (whole: PullWaiter) => Promise<T>, first: PullWaiter): SharedPull<T> {
    const waiters = new Set([first]);
    const stop = new AbortController();
    const say = (text: string) => {
      for (const waiter of waiters) waiter.say(text);
    };
    const pull = { waiters, stop, done: work({ say, signal: stop.signal }) };
    this.#running.set(key, pull);
    const over = () => this.#forget(key, pull);
    pull.done.then(over, over);
    return pull;
  }

  #forget(key: string, pull: SharedPull<T>): void {
    if (this.#running.get(key) === pull) this.#running.delete(key);
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
