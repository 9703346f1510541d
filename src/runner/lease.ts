import { between, type Moment, moment } from '../kernel/clock.ts';
import { leaseTtl } from '../redis/membership.ts';

/** The right to run jobs, renewed by confirmed heartbeats. Time that the process or the machine sleeps through counts. */
export class Lease {
  #renewedAt: Moment;

  /** @param begunAt when the heartbeat that is now confirmed was sent */
  constructor(begunAt: Moment) {
    this.#renewedAt = begunAt;
  }

  /** @param sentAt when the heartbeat that is now confirmed was sent; confirmations may come in any order */
  renew(sentAt: Moment): void {
    if (sentAt.awake > this.#renewedAt.awake) this.#renewedAt = sentAt;
  }

  /** Milliseconds that are left, 0 when it has run out. */
  get left(): number {
    return Math.max(leaseTtl - between(this.#renewedAt, moment()), 0);
  }

  get valid(): boolean {
    return this.left > 0;
  }
}
