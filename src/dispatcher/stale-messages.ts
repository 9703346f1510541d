import { parseAttemptName } from '../kernel/model.ts';
import { withdraw } from '../queues/attempts.ts';
import { jobQueue } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { currentAttempts } from '../record/open-jobs.ts';

/** How many messages of one queue are compared with the record in one look; what is to run first goes first. */
const defaultPage = 500;

/**
 * Removes messages that no runner has taken and whose attempt counts no more. Whoever sends looks at the record first, which
 * may move until the message is there: the job was cancelled meanwhile, say. A runner that takes such a message begins the job
 * and is told a second later that it counts no more.
 */
export class StaleMessages {
  readonly #context: StageContext & { database: Database };
  readonly #page: number;
  /** how many of a queue the last look has passed over, by the queue's name */
  #passed = new Map<string, number>();

  constructor(context: StageContext & { database: Database }, page: number = defaultPage) {
    this.#context = context;
    this.#page = page;
  }

  /** One look, at the next page of each queue. */
  async look(): Promise<void> {
    const passed = new Map<string, number>();
    for (const labels of await this.#context.queues.labelSets()) {
      const name = jobQueue(labels);
      const next = await this.#sweep(name, this.#passed.get(name) ?? 0);
      if (next > 0) passed.set(name, next);
    }
    this.#passed = passed;
  }

  /** @returns from where the next look goes on */
  async #sweep(queue: string, from: number): Promise<number> {
    const { queues, database, logger } = this.#context;
    const ids = await queues.queue(queue).getRanges(['waiting', 'prioritized'], from, from + this.#page - 1, true);
    const attempts = ids.flatMap((id) => parseAttemptName(id) ?? []);
    // after the messages: what the record says of an attempt that is over holds for good
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
    if (removed > 0) logger.debug(`removed ${removed} messages of attempts that count no more`);
    return ids.length < this.#page ? 0 : from + ids.length - removed;
  }
}
