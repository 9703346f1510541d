import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { FadingMap } from '../kernel/fading-map.ts';
import { hostOf } from '../kernel/urls.ts';

/** Looks at the repositories of one server at a time: one that hangs holds up no others. */
const perServer = 8;
/** At those of this machine no more than it can do at once: such a look is all work and no waiting. */
const here = Math.max(2, availableParallelism());
/** Looks at all repositories at a time; most of a look is waiting for a remote. */
const altogether = 64;
/** Polls that may wait for one server, so that a server that hangs does not take up all that an observer holds. */
const mostWaiting = 24;

/** A poll of a repository. */
export interface Poll {
  repo: string;
  url: string;
  /** whether it may be left out, since the schedule brings another one */
  isSpare(): boolean;
  look(): Promise<void>;
}

interface Waiting {
  poll: Poll;
  /** milliseconds of performance.now() at the last look at the repository; 0 where there was none */
  lookedAt: number;
  /** resolves when its turn has come, with false where it is left out */
  settle(turn: boolean): void;
}

/**
 * Limits how many looks run at once, server by server. Of the scheduled polls of one server only some may wait: where more
 * come, that of the repository which was looked at last is left out, so that all of a large server have their turn.
 */
export class Lanes {
  readonly #all = pLimit(altogether);
  readonly #byHost = new Map<string, Lane>();
  readonly #looked = new FadingMap<string, number>(3_600_000, 100_000);

  /** Resolves when the look is over, or was left out. */
  async run(poll: Poll): Promise<void> {
    const host = hostOf(poll.url);
    const lane = this.#byHost.get(host) ?? new Lane(host === '' ? here : perServer);
    this.#byHost.set(host, lane);
    if (!(await lane.enter(poll, this.#looked.get(poll.repo) ?? 0))) return;
    try {
      this.#looked.set(poll.repo, performance.now());
      await this.#all(() => poll.look());
    } finally {
      lane.leave();
      if (lane.isIdle) this.#byHost.delete(host);
    }
  }
}

/** The looks at the repositories of one server. */
class Lane {
  readonly #most: number;
  #running = 0;
  readonly #waiting: Waiting[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  /** @returns whether it is the poll's turn; else it is left out */
  async enter(poll: Poll, lookedAt: number): Promise<boolean> {
    if (this.#running < this.#most) {
      this.#running++;
      return true;
    }
    return new Promise((settle) => {
      this.#waiting.push({ poll, lookedAt, settle });
      if (this.#waiting.length > mostWaiting) this.#leaveOne();
    });
  }

  /** The next one's turn. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next) next.settle(true);
    else this.#running--;
  }

  #leaveOne(): void {
    const spare = this.#waiting.filter(({ poll }) => poll.isSpare());
    const latest = spare.reduce<Waiting | undefined>(
      (found, one) => (found && found.lookedAt > one.lookedAt ? found : one),
      undefined,
    );
    if (!latest) return;
    this.#waiting.splice(this.#waiting.indexOf(latest), 1);
    latest.settle(false);
  }
}
