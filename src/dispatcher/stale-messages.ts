import { parseAttemptName } from '../kernel/model.ts';
import { withdraw } from '../queues/attempts.ts';
import { jobQueue } from '../queues/names.ts';
import { currentAttempts } from '../record/open-jobs.ts';
import type { DispatcherContext } from './context.ts';

/** How many messages of one queue a poll compares with the database, in the order in which they run. */
const defaultPage = 500;

/**
 * Removes messages that no runner has taken and whose attempt no longer counts. A sender reads the database first, and the
 * job may be cancelled before the message is sent. A runner that takes such a message starts the job, and a second later it
 * is told that the attempt no longer counts.
 */
export class StaleMessages {
  readonly #context: DispatcherContext;
  readonly #page: number;
  /** how many messages of a queue earlier polls have checked, by the queue's name */
  #checked = new Map<string, number>();

  constructor(context: DispatcherContext, page: number = defaultPage) {
    this.#context = context;
    this.#page = page;
  }

  /** Checks the next page of each queue. */
  async poll(): Promise<void> {
    const checked = new Map<string, number>();
    for (const labels of await this.#context.queues.labelSets()) {
      const name = jobQueue(labels);
      const next = await this.#sweep(name, this.#checked.get(name) ?? 0);
      if (next > 0) checked.set(name, next);
    }
    this.#checked = checked;
  }

  /** @returns where the next poll goes on */
  async #sweep(queue: string, from: number): Promise<number> {
    const { queues, database, logger } = this.#context;
    const ids = await queues.queue(queue).getRanges(['waiting', 'prioritized'], from, from + this.#page - 1, true);
    const attempts = ids.flatMap((id) => parseAttemptName(id) ?? []);
    // after the messages: an attempt that is over stays over
    const current = await currentAttempts(
      database,
      attempts.map(({ job }) => job),
    );
    let removed = 0;
    for (const ref of attempts) {
      const state = current.get(ref.job);
      if (state?.open && state.attempt <= ref.attempt) continue;
      if (await withdraw(queues, queue, ref)) removed++;
    }
    if (removed > 0) logger.debug(`removed ${removed} messages of attempts that no longer count`);
    return ids.length < this.#page ? 0 : from + ids.length - removed;
  }
}
