import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { Config } from '../kernel/config.ts';
import { within } from '../system/wait.ts';

/** Milliseconds that a poll waits for a head. Most heads are here by then. */
export const usualPatience = 5000;
/** Heads of one repository that are fetched at a time. */
const atOnce = 3;

/** The options of a fetch of what strangers have made. */
export function boundedOptions(
  options: UpdateOptions,
  { pullRequestFetchLimit }: Pick<Config, 'pullRequestFetchLimit'>,
): UpdateOptions {
  if (pullRequestFetchLimit === 0) return options;
  const mostFetched = { bytes: pullRequestFetchLimit * 1_048_576, setting: 'VOLT_PULL_REQUEST_FETCH_LIMIT' };
  return { ...options, mostFetched };
}

interface Fetch {
  done: Promise<void>;
  /** undefined while it goes on */
  outcome: { error?: unknown } | undefined;
}

/**
 * Fetches the heads of pull requests. Strangers make them, and as large as they like: one that takes long is fetched beside the
 * polls, so that branches and other pull requests do not wait for it.
 */
export class PullRequestHeads {
  readonly #fetches = new Map<string, Map<string, Fetch>>();
  /** polls after heads that came late */
  readonly #polls = new Set<Promise<void>>();
  readonly #pollAgain: (repo: string) => Promise<void>;
  readonly #patience: number;
  readonly #stop = new AbortController();

  /**
   * @param pollAgain is called when a head is there that a poll has not waited for
   * @param patience milliseconds that a poll waits for a head
   */
  constructor(pollAgain: (repo: string) => Promise<void>, patience: number) {
    this.#pollAgain = pollAgain;
    this.#patience = patience;
  }

  /** Ends the fetches, and waits for the polls that they have begun. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#fetches.values()].flatMap((ofOne) => [...ofOne.values()].map(({ done }) => done)));
    await Promise.all(this.#polls);
  }

  /**
   * @returns whether the head is in the mirror; if not, it is on its way, or waits for others of its repository
   * @throws VoltError as `requireRef`
   */
  async require(
    repo: string,
    mirror: Mirror,
    { ref, head }: { ref: string; head: string },
    options: UpdateOptions,
  ): Promise<boolean> {
    const fetches = this.#fetches.get(repo) ?? new Map<string, Fetch>();
    const key = `${ref} ${head}`;
    let fetch = fetches.get(key);
    if (!fetch) {
      if (fetches.size >= atOnce) return false;
      fetch = this.#begin(() => mirror.requireRef(ref, head, { ...options, signal: this.#stop.signal }));
      this.#fetches.set(repo, fetches.set(key, fetch));
      await within(fetch.done, this.#patience);
      if (!fetch.outcome) this.#pollAfter(fetch, repo);
    }
    if (!fetch.outcome) return false;
    fetches.delete(key);
    if ('error' in fetch.outcome) throw fetch.outcome.error;
    return true;
  }

  #pollAfter({ done }: Fetch, repo: string): void {
    const poll = done
      .then(() => (this.#stop.signal.aborted ? undefined : this.#pollAgain(repo)))
      // the schedule comes again by itself
      .catch(() => undefined)
      .finally(() => this.#polls.delete(poll));
    this.#polls.add(poll);
  }

  #begin(work: () => Promise<void>): Fetch {
    const fetch: Fetch = { done: Promise.resolve(), outcome: undefined };
    const end = (outcome: NonNullable<Fetch['outcome']>) => {
      fetch.outcome = outcome;
    };
    fetch.done = work().then(
      () => end({}),
      (error) => end({ error }),
    );
    return fetch;
  }
}
