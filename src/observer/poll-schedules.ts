import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { pageOfRepositories } from '../record/repositories.ts';

/** How many schedules are asked for in one go. */
const defaultPage = 500;
/** Milliseconds by which the clocks of machines may differ without a schedule beginning anew. */
const slack = 2000;

/**
 * The schedules by which repositories are polled. Asking for one that is there changes nothing; one that has ended by a
 * fault of Redis's begins again, and so does one whose next time is further away than its interval: the clock has been set
 * back since, or was ahead on the machine that set that time.
 */
export class PollSchedules {
  readonly #context: Pick<StageContext, 'queues'> & { database: Database };
  readonly #page: number;
  /** name of the repository where the last renewal ended; undefined where it came to the end */
  #after: string | undefined;
  #hasBegun = false;

  constructor(context: Pick<StageContext, 'queues'> & { database: Database }, page: number = defaultPage) {
    this.#context = context;
    this.#page = page;
  }

  /** All of them the first time, then page by page, so that thousands cost no more at a time. */
  async renew(): Promise<void> {
    do await this.#renewPage();
    while (!this.#hasBegun && this.#after !== undefined);
    this.#hasBegun = true;
  }

  async #renewPage(): Promise<void> {
    const { database, queues } = this.#context;
    const { repositories, next } = await pageOfRepositories(database, { limit: this.#page, after: this.#after });
    for (const host of new Set(repositories.map((repository) => repository.host))) {
      const ours = repositories.filter((repository) => repository.host === host);
      const next = await queues.nextObserve(
        host,
        ours.map(({ name }) => name),
      );
      for (const [index, { name, pollSeconds }] of ours.entries()) {
        const wait = (next[index] ?? 0) - Date.now();
        if (wait > pollSeconds * 1000 + slack) await queues.unscheduleObserve(host, name);
        await queues.scheduleObserve(host, name, pollSeconds);
      }
    }
    this.#after = next ?? undefined;
  }
}
