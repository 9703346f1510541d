import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { pageOfRepositories } from '../record/repositories.ts';

/** Schedules that are renewed in one go. */
const defaultPage = 500;
/** Milliseconds by which the clocks of machines may differ before a schedule is made again. */
const slack = 2000;

/**
 * The schedules of polls. Renewing a schedule that exists changes nothing. One that Redis has lost is made again, and so
 * is one whose next time is further away than its interval: the clock has been set back since, or that of the machine that
 * set the time was ahead.
 */
export class PollSchedules {
  readonly #context: Pick<StageContext, 'queues'> & { database: Database };
  readonly #page: number;
  /** name of the repository where the last renewal ended; undefined at the end of the list */
  #after: string | undefined;
  #hasBegun = false;

  constructor(context: Pick<StageContext, 'queues'> & { database: Database }, page: number = defaultPage) {
    this.#context = context;
    this.#page = page;
  }

  /** Renews all of them the first time, then page by page, so that thousands cost no more at a time. */
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
