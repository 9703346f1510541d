import { type Delivery, Later } from '../queues/consumer.ts';

/** How often the process may end over one message before the message is taken for the cause. */
const mostDeaths = 3;
/** Milliseconds until a suspect looks again whether another one is still being handled. */
const interval = 1000;

/**
 * Messages in whose handling a process has died before. Each may be the cause, or only have been there: they are handled one
 * at a time, so that the next death counts for one of them alone.
 */
export class Suspects {
  #isBusy = false;

  /**
   * @param end what is done with a message that has ended the process again and again
   * @throws Later where another suspect is being handled
   */
  async handle(delivery: Pick<Delivery, 'deaths'>, work: () => Promise<void>, end: () => Promise<void>): Promise<void> {
    if (delivery.deaths === 0) return work();
    if (delivery.deaths >= mostDeaths) return end();
    if (this.#isBusy) throw new Later(interval, 'another message that may have ended the process is being handled');
    this.#isBusy = true;
    try {
      await work();
    } finally {
      this.#isBusy = false;
    }
  }
}

export function whyGuilty({ deaths }: Pick<Delivery, 'deaths'>): string {
  return `planning it has failed ${deaths} times: each time the process that did it has ended`;
}
