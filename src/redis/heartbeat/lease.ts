import { between, type Moment, moment } from '../../system/clock.ts';
import { leaseTtl } from '../heartbeat-times.ts';

/**
 * The right to run jobs, renewed by confirmed heartbeats. Time during which the process or the machine sleeps counts. One thread
 * renews it, and any thread may read it.
 */
export class Lease {
  /** when it was renewed, by both clocks; while it is being written, the older clock counts */
  readonly #renewedAt: Float64Array;

  /**
   * @param sentAt when the confirmed heartbeat was sent; undefined for a lease that another thread has started
   * @param renewedAt memory that the threads share
   */
  constructor(sentAt: Moment | undefined, renewedAt: Float64Array = sharedLease()) {
    this.#renewedAt = renewedAt;
    if (sentAt) this.#set(sentAt);
  }

  /** @param sentAt when the confirmed heartbeat was sent; confirmations may arrive in any order */
  renew(sentAt: Moment): void {
    if (sentAt.awake > momentOf(this.#renewedAt).awake) this.#set(sentAt);
  }

  /** Milliseconds left, 0 when it has expired. */
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

/** Memory that threads share, of a lease that has not started. */
export function sharedLease(): Float64Array {
  return new Float64Array(new SharedArrayBuffer(16));
}

function momentOf([awake = 0, booted = 0]: Float64Array): Moment {
  return { awake, booted };
}
