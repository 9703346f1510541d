import { between, type Moment, moment } from '../../system/clock.ts';
import { leaseTtl } from '../heartbeat-times.ts';

/**
 * The right to run jobs, renewed by confirmed heartbeats. Time that the process or the machine sleeps through counts. One
 * thread renews it, and any may look at it.
 */
export class Lease {
  /** when it was renewed, by both clocks; were one read while it is written, the older one of the two counts */
  readonly #renewedAt: Float64Array;

  /**
   * @param begunAt when the heartbeat that is now confirmed was sent; undefined for a lease that another thread has begun
   * @param renewedAt what threads share of it
   */
  constructor(begunAt: Moment | undefined, renewedAt: Float64Array = sharedLease()) {
    this.#renewedAt = renewedAt;
    if (begunAt) this.#set(begunAt);
  }

  /** @param sentAt when the heartbeat that is now confirmed was sent; confirmations may come in any order */
  renew(sentAt: Moment): void {
    if (sentAt.awake > momentOf(this.#renewedAt).awake) this.#set(sentAt);
  }

  /** Milliseconds that are left, 0 when it has run out. */
  get left(): number {
    return Math.max(leaseTtl - between(momentOf(this.#renewedAt), moment()), 0);
  }

  get valid(): boolean {
    return this.left > 0;
  }

  #set({ awake, booted }: Moment): void {
    this.#renewedAt[0] = awake;
    this.#renewedAt[1] = booted;
  }
}

/** What threads share of a lease that has not begun. */
export function sharedLease(): Float64Array {
  return new Float64Array(new SharedArrayBuffer(16));
}

function momentOf([awake = 0, booted = 0]: Float64Array): Moment {
  return { awake, booted };
}
