import { awake } from '../system/clock.ts';

/** Milliseconds by which this machine's clock may differ from the server's and still counts as equal. */
const tolerable = 5;
/** Milliseconds by which two clocks may drift apart in a millisecond: ten times that of an ordinary quartz. */
const drift = 5e-4;

/**
 * The time of day of the Redis server, so that all processes of one Volt agree although the clocks of their machines differ. While
 * this machine's clock may be equal to the server's, that clock is used. Otherwise the time is computed from the monotonic
 * clock, so that setting this machine's clock has no effect. Before the first answer of the server it is this machine's.
 *
 * The time is for people and decides nothing: decisions use durations that one process measures.
 */
export class ServerClock {
  /** the least and the most by which the server's time is ahead of `awake()`; and when that was measured */
  readonly shared: Float64Array;

  /** @param shared memory that the threads of a process share */
  constructor(shared: Float64Array = new Float64Array(new SharedArrayBuffer(24))) {
    this.shared = shared;
  }

  /**
   * Takes an answer of the server.
   * @param time the server's, milliseconds since 1970
   * @param askedAt and `answeredAt`: by `awake()`
   */
  hear(time: number, askedAt: number, answeredAt: number): void {
    const [least = 0, most = 0, foundAt = 0] = this.shared;
    const since = foundAt === 0 ? Number.POSITIVE_INFINITY : (answeredAt - foundAt) * drift;
    const narrowed = [Math.max(least - since, time - answeredAt), Math.min(most + since, time - askedAt)] as const;
    // the server's clock was set in this time
    const [from, to] = narrowed[0] <= narrowed[1] ? narrowed : [time - answeredAt, time - askedAt];
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

  /** Milliseconds by which this machine's clock is ahead, 0 where it may be equal to the server's. */
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

/** The server clock of this process. */
export const serverClock = new ServerClock();

/** Milliseconds since 1970 by the server's clock, for all times in the database. */
export function serverNow(): number {
  return serverClock.now();
}

/** The same as text. */
export function serverTime(): string {
  return new Date(serverNow()).toISOString();
}

/** The server's time of an event, to the second. @param at by `awake()` */
export function serverTimeOf(at: number): string {
  return new Date(Math.floor((serverNow() - (awake() - at)) / 1000) * 1000).toISOString();
}
