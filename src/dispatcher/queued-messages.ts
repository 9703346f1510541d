import { attemptName } from '../kernel/model.ts';
import { messagePriorities } from '../queues/attempts.ts';
import { jobQueue } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import { openJobs } from '../record/open-jobs.ts';
import { type QueuedJob, queuedJobs } from '../record/queued-jobs.ts';
import type { Record } from '../record/record.ts';
import { movePriorityOrigin, priorityOrigin, virtualTime } from '../record/virtual-time.ts';
import { jobsToCancel } from './cancel.ts';
import { originFor, priorityOf } from './fairness.ts';
import { route } from './route.ts';

/** How many jobs are compared with their messages in one go. */
const defaultPage = 2000;

/**
 * Makes the messages of queued jobs agree with the record: each job has one, with the priority of its start tag.
 *
 * One look goes through a page of what is queued, the next look through the page after it, and what has gone wrong is
 * looked for further at once: a Redis that has lost much gets all of it in one look, and where nothing is amiss a look
 * costs the same however much is queued.
 *
 * Priorities have a bound, and start tags do not. When the virtual time has run far from the origin, the messages are
 * given the priorities that count from the next one, the first to run first: those that have theirs go ahead of those
 * that have not, in the same order as before. Then the origin is moved, and what was sent meanwhile is put right, too. A
 * dispatcher that dies on the way leaves an order that is right as well, and the next look begins anew; several that do
 * this together do the same.
 */
export class QueuedMessages {
  readonly #context: StageContext & { record: Record };
  readonly #page: number;
  /** where the last look ended; undefined where it came to the end */
  #after: QueuedJob | undefined;

  constructor(context: StageContext & { record: Record }, page: number = defaultPage) {
    this.#context = context;
    this.#page = page;
  }

  /**
   * One look.
   * @param claimed names of attempts that runners have, whose messages may be gone
   */
  async look(claimed: ReadonlySet<string>): Promise<void> {
    const { record } = this.#context;
    const origin = await priorityOrigin(record);
    const next = originFor(await virtualTime(record.db), origin);
    if (next === origin) {
      while ((await this.#mendPage(claimed, origin)) && this.#after !== undefined);
      return;
    }
    await this.#mendAll(claimed, next);
    await movePriorityOrigin(record, origin, next);
    await this.#mendAll(claimed, next);
  }

  /** The next look begins with what is to run first. */
  rewind(): void {
    this.#after = undefined;
  }

  async #mendAll(claimed: ReadonlySet<string>, origin: number): Promise<void> {
    this.rewind();
    do await this.#mendPage(claimed, origin);
    while (this.#after !== undefined);
  }

  /** @returns whether anything was amiss */
  async #mendPage(claimed: ReadonlySet<string>, origin: number): Promise<boolean> {
    const { access, record, queues } = this.#context;
    const jobs = await queuedJobs(record, this.#page, this.#after);
    this.#after = jobs.length < this.#page ? undefined : jobs.at(-1);
    // a message in a queue that runners do not know of is one that nobody takes
    for (const labels of new Map(jobs.map((job) => [jobQueue(job.labels), job.labels])).values()) {
      await queues.announceLabels(labels);
    }
    const unwanted = await jobsToCancel(record);
    const looked = jobs
      .map((job) => ({ ...job, job: job.id, priority: priorityOf(job.virtualStart, origin) }))
      .filter((job) => !unwanted(job) && !claimed.has(attemptName(job)));
    const found = await messagePriorities(access, looked);
    const missing = looked.filter((_, index) => found[index] === undefined);
    const misplaced = looked.filter(({ priority }, index) => found[index] !== undefined && found[index] !== priority);
    if (missing.length > 0) await this.#send(missing);
    await queues.changePriorities(misplaced);
    return missing.length + misplaced.length > 0;
  }

  async #send(missing: QueuedJob[]): Promise<void> {
    const { record, logger } = this.#context;
    const ids = missing.map(({ id }) => id);
    await route(this.#context, await openJobs(record, { status: 'queued', jobs: ids, limit: ids.length }));
    logger.info(`sent ${ids.length} queued jobs that had no message`);
  }
}
