import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { FadingMap } from '../kernel/fading-map.ts';
import { hostOf } from '../kernel/urls.ts';

/** Polls of the repositories of one server at a time, so that a server that hangs holds up no others. */
const perServer = 8;
/** Polls of repositories on this machine at a time: such a poll only works, and does not wait. */
const here = Math.max(2, availableParallelism());
/** Polls of all repositories at a time; most of a poll is waiting for a remote. */
const altogether = 64;
/** Polls that may wait for one server, so that a server that hangs does not take all the polls that an observer holds. */
const mostWaiting = 24;

/** A poll of a repository. */
export interface Poll {
  repo: string;
  url: string;
  /** whether it may be skipped, since the schedule brings another one */
  maySkip(): boolean;
  poll(): Promise<void>;
}

interface Waiting {
  poll: Poll;
  /** milliseconds of performance.now() at the last poll of the repository; 0 where there was none */
  polledAt: number;
  /** ends the wait; false skips the poll */
  settle(runs: boolean): void;
}

/**
 * Limits how many polls run at once, for each server. Only some scheduled polls of one server may wait: where more come,
 * the one whose repository was polled last is skipped, so that every repository of a large server is polled at some time.
 */
export class PollLimits {
  readonly #all = pLimit(altogether);
  readonly #byHost = new Map<string, ServerLimit>();
  readonly #polledAt = new FadingMap<string, number>(3_600_000, 100_000);

  /** Resolves when the poll is over, or was skipped. */
  async run(poll: Poll): Promise<void> {
    const host = hostOf(poll.url);
    const limit = this.#byHost.get(host) ?? new ServerLimit(host === '' ? here : perServer);
    this.#byHost.set(host, limit);
    if (!(await limit.enter(poll, this.#polledAt.get(poll.repo) ?? 0))) return;
    try {
      this.#polledAt.set(poll.repo, performance.now());
      await this.#all(() => poll.poll());
    } finally {
      limit.leave();
      if (limit.isIdle) this.#byHost.delete(host);
    }
  }
}

/** The polls of the repositories of one server. */
class ServerLimit {
  readonly #most: number;
  #running = 0;
  readonly #waiting: Waiting[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  /** @returns false where the poll is skipped */
  async enter(poll: Poll, polledAt: number): Promise<boolean> {
    if (this.#running < this.#most) {
      this.#running++;
      return true;
    }
    return new Promise((settle) => {
      this.#waiting.push({ poll, polledAt, settle });
      if (this.#waiting.length > mostWaiting) this.#skipOne();
    });
  }

  /** Lets the next poll run. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next) next.settle(true);
    else this.#running--;
  }

  #skipOne(): void {
    const skippable = this.#waiting.filter(({ poll }) => poll.maySkip());
    const latest = skippable.reduce<Waiting | undefined>(
      (found, one) => (found && found.polledAt > one.polledAt ? found : one),
      undefined,
    );
    if (!latest) return;
    this.#waiting.splice(this.#waiting.indexOf(latest), 1);
    latest.settle(false);
  }
}
