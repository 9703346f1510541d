import { type AttemptRef, attemptName } from '../kernel/model.ts';
import { isDue, pausesOf } from '../kernel/retry-pauses.ts';
import { attemptMessages, isDone, queuesOf, withdraw } from '../queues/attempts.ts';
import { jobQueue } from '../queues/names.ts';
import { priorityOf } from '../queues/priority.ts';
import { identityOf } from '../record/build-ids.ts';
import { openJobs } from '../record/open-jobs.ts';
import { type QueuedJob, queuedJobs } from '../record/queued-jobs.ts';
import { type FreshRedis, freshRedis } from '../redis/identity.ts';
import { jobsToCancel } from './cancel.ts';
import type { DispatcherContext } from './context.ts';
import { chooseQueues } from './queue-choice.ts';
import { isNewTo, route } from './route.ts';
import { SpentAttempts } from './spent-attempts.ts';

/** How many jobs one poll compares with their messages. */
const defaultPage = 2000;

/**
 * Makes the messages of queued jobs agree with the database: each job has one that a runner can still take, with the
 * priority of its start tag.
 *
 * Each poll checks one page of queued jobs; the next poll checks the next page. If a page had faults, the next poll follows
 * at once. So a Redis that has lost much gets all of it, nothing else waits longer than one page takes, and a poll without
 * faults costs the same however many jobs are queued.
 */
export class QueuedMessages {
  readonly #context: DispatcherContext;
  readonly #page: number;
  /** the last job of the page before; undefined at the start */
  #after: QueuedJob | undefined;
  readonly #spent: SpentAttempts;

  /** @param patience see SpentAttempts */
  constructor(context: DispatcherContext, page: number = defaultPage, patience?: number) {
    this.#context = context;
    this.#page = page;
    this.#spent = new SpentAttempts(context, patience);
  }

  /**
   * Checks the next page.
   * @param claimed names of attempts that runners have, whose messages may be gone
   * @param youth of the Redis, if it is young and runners have claimed all that they run
   * @returns whether to poll again at once
   */
  async poll(claimed: ReadonlySet<string>, youth?: FreshRedis): Promise<boolean> {
    const hadFaults = await this.#mendPage(claimed, youth);
    return hadFaults && this.#after !== undefined;
  }

  /** The next poll begins with the jobs that run first. */
  rewind(): void {
    this.#after = undefined;
  }

  /** @returns whether the page had faults */
  async #mendPage(claimed: ReadonlySet<string>, youth?: FreshRedis): Promise<boolean> {
    const { access, config, database, queues } = this.#context;
    const page = await queuedJobs(database, this.#page, this.#after);
    this.#after = page.length < this.#page ? undefined : page.at(-1);
    const pauses = pausesOf(config.tryAgain);
    const due = page.filter(({ dueAt }) => isDue(dueAt, pauses));
    const labels = await chooseQueues(this.#context, due);
    const jobs = due.map((job, index) => ({ ...job, labels: labels[index] as string[] }));
    const unwanted = await jobsToCancel(database);
    const expected = jobs
      .map((job) => ({ ...job, job: job.id, priority: priorityOf(job.virtualStart) }))
      .filter((job) => !unwanted(job) && !claimed.has(attemptName(job)));
    const found = await attemptMessages(access, expected);
    // no runner takes a message from a queue that it does not know; sending a job announces its queue
    const sent = expected.filter((_, index) => found[index]?.isDone === false);
    for (const each of new Map(sent.map((job) => [jobQueue(job.labels), job.labels])).values()) {
      await queues.announceLabels(each);
    }
    const elsewhere = await this.#withdrawn(expected.filter((_, index) => found[index] === undefined));
    const wrongPriority = expected.filter(({ priority }, index) => {
      const message = found[index];
      return message !== undefined && !message.isDone && message.priority !== priority;
    });
    if (elsewhere.missing.length > 0) await this.#send(elsewhere.missing, youth);
    await queues.changePriorities(wrongPriority);
    const done = [...expected.filter((_, index) => found[index]?.isDone), ...elsewhere.done];
    await this.#spent.move(done, claimed);
    return elsewhere.missing.length + wrongPriority.length > 0;
  }

  /**
   * The message of a job may wait in another queue: the runners reserved for its repository, the labels that the repository
   * needs, or the runners to avoid may have changed since it was sent. Takes such messages out of there, unless a runner
   * has taken them.
   * @param jobs without a message in their queue
   * @returns `missing`: jobs that now have no message in any queue; `done`: jobs whose message a runner has completed
   */
  async #withdrawn<J extends QueuedJob & AttemptRef>(jobs: J[]): Promise<{ missing: J[]; done: J[] }> {
    const { access, queues } = this.#context;
    const elsewhere = await queuesOf(access, queues, jobs);
    const missing: J[] = [];
    const done: J[] = [];
    for (const job of jobs) {
      const queue = elsewhere.get(attemptName(job));
      if (queue === undefined || (await withdraw(queues, queue, job))) missing.push(job);
      else if (await isDone(queues, queue, job)) done.push(job);
    }
    return { missing, done };
  }

  /** A Redis that was emptied since the poll began is young, too. It gets only jobs that no earlier Redis may have held. */
  async #send(missing: QueuedJob[], settled: FreshRedis | undefined): Promise<void> {
    const { access, database, logger } = this.#context;
    const ids = missing.map(({ id }) => id);
    const queued = await openJobs(database, { status: 'queued', jobs: ids, limit: ids.length });
    const youth = await freshRedis(access, identityOf(database));
    const jobs = queued.filter((job) => youth?.id === settled?.id || isNewTo(youth, job));
    if (jobs.length === 0) return;
    await route(this.#context, jobs);
    logger.info(`sent ${jobs.length} queued jobs that had no message`);
  }
}
