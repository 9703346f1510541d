import { awake } from '../system/clock.ts';

/** By how much (ms) this machine's clock may differ from what is known of the server's to be taken for the same. */
const tolerable = 5;
/** So many milliseconds may two clocks run apart in one: ten times what an ordinary quartz does. */
const drift = 5e-4;

/**
 * The time of day by which all processes of one Volt agree, so that what one machine's clock is ahead is nowhere to be seen:
 * that of the server, which is Redis. While the clock of this machine may be the server's as far as is known, it is
 * that clock. Else it is reckoned from the clock that only counts, so that nobody who sets this machine's is noticed.
 * Before anything is known it is this machine's.
 *
 * It is for people to read and decides nothing: what Volt decides by time, it decides by what one process counts.
 */
export class ServerClock {
  /** by how much at least and at most the server's time is more than `awake()`; and when that was found */
  readonly shared: Float64Array;

  /** @param shared what the threads of a process share of it */
  constructor(shared: Float64Array = new Float64Array(new SharedArrayBuffer(24))) {
    this.shared = shared;
  }

  /**
   * The server has told its time.
   * @param told milliseconds since 1970
   * @param askedAt and `answeredAt`: by `awake()`
   */
  hear(told: number, askedAt: number, answeredAt: number): void {
    const [least = 0, most = 0, foundAt = 0] = this.shared;
    const since = foundAt === 0 ? Number.POSITIVE_INFINITY : (answeredAt - foundAt) * drift;
    const narrowed = [Math.max(least - since, told - answeredAt), Math.min(most + since, told - askedAt)] as const;
    // it was set meanwhile
    const [from, to] = narrowed[0] <= narrowed[1] ? narrowed : [told - answeredAt, told - askedAt];
    this.shared[0] = from;
    this.shared[1] = to;
    this.shared[2] = answeredAt;
  }

  /** Milliseconds since 1970. */
  now(): number {
    const own = Date.now();
    const ahead = this.#ahead(own);
    return Math.round(own - ahead);
  }

  /** Milliseconds by which this machine's clock is ahead, 0 where it is the server's as far as is known. */
  get ahead(): number {
    return Math.round(this.#ahead(Date.now()));
  }

  #ahead(own: number): number {
    const [least = 0, most = 0, foundAt = 0] = this.shared;
    if (foundAt === 0) return 0;
    const difference = own - awake();
    if (difference >= least - tolerable && difference <= most + tolerable) return 0;
    return difference - (least + most) / 2;
  }
}

/** The one of this process. */
export const serverClock = new ServerClock();

/** Milliseconds since 1970 by the server's clock: what goes into the record, and what that is compared with. */
export function serverNow(): number {
  return serverClock.now();
}

/** The same as text. */
export function serverTime(): string {
  return new Date(serverNow()).toISOString();
}

/** When something was, to the second. @param at by `awake()` */
export function serverTimeOf(at: number): string {
  return new Date(Math.floor((serverNow() - (awake() - at)) / 1000) * 1000).toISOString();
}
