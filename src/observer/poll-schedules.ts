import type { StageContext } from '../queues/stage.ts';
import type { Record } from '../record/record.ts';
import { pageOfRepositories } from '../record/repositories.ts';

/** How many schedules are asked for in one go. */
const defaultPage = 500;

/**
 * The schedules by which repositories are polled. Asking for one that is there changes nothing; one that has ended by a
 * fault of Redis's begins again.
 */
export class PollSchedules {
  readonly #context: Pick<StageContext, 'queues'> & { record: Record };
  readonly #page: number;
  /** name of the repository where the last renewal ended; undefined where it came to the end */
  #after: string | undefined;
  #hasBegun = false;

  constructor(context: Pick<StageContext, 'queues'> & { record: Record }, page: number = defaultPage) {
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
    const { record, queues } = this.#context;
    const { repositories, next } = await pageOfRepositories(record, { limit: this.#page, after: this.#after });
    for (const { host, name, pollSeconds } of repositories) await queues.scheduleObserve(host, name, pollSeconds);
    this.#after = next ?? undefined;
  }
}
