import { type Delivery, Later } from '../queues/consumer.ts';

/** After this many deaths of the process while it handled a message, the message is taken for the cause. */
const mostDeaths = 3;
/** Milliseconds until such a message is tried again while another one is being handled. */
const interval = 1000;

/**
 * Handles messages during which a process has died before. Each may be the cause, or may only have been there: they are
 * handled one at a time, so that the next death counts for one message.
 */
export class CrashGuard {
  #isBusy = false;

  /**
   * @param end is called for a message during which the process has died too often
   * @throws Later while another such message is being handled
   */
  async handle(delivery: Pick<Delivery, 'deaths'>, work: () => Promise<void>, end: () => Promise<void>): Promise<void> {
    if (delivery.deaths === 0) return work();
    if (delivery.deaths >= mostDeaths) return end();
    if (this.#isBusy) throw new Later(interval, 'another message that may have crashed the process is being handled');
    this.#isBusy = true;
    try {
      await work();
    } finally {
      this.#isBusy = false;
    }
  }
}

export function crashMessage({ deaths }: Pick<Delivery, 'deaths'>): string {
  return `planning it has failed ${deaths} times: the process crashed each time`;
}
