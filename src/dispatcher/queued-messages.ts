import { type AttemptRef, attemptName } from '../kernel/model.ts';
import { isDue, pausesOf } from '../kernel/tries.ts';
import { attemptMessages, isDone, queuesOf, withdraw } from '../queues/attempts.ts';
import { jobQueue } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import { identityOf } from '../record/build-ids.ts';
import type { Database } from '../record/database.ts';
import { openJobs } from '../record/open-jobs.ts';
import { type QueuedJob, queuedJobs } from '../record/queued-jobs.ts';
import { movePriorityOrigin, priorityOrigin, virtualTimes } from '../record/virtual-time.ts';
import { type Youth, youthOf } from '../redis/identity.ts';
import { jobsToCancel } from './cancel.ts';
import { originFor, priorityOf } from './fairness.ts';
import { placements } from './placement.ts';
import { isNewTo, route } from './route.ts';
import { SpentAttempts } from './spent-attempts.ts';

/** How many jobs are compared with their messages in one go. */
const defaultPage = 2000;

/**
 * Makes the messages of queued jobs agree with the record: each job has one that a runner can still take, with the priority
 * of its start tag.
 *
 * One look goes through a page of what is queued, the next look through the page after it, and where something has gone
 * wrong the next look comes at once: a Redis that has lost much gets all of it, nothing else waits for that longer than a
 * page takes, and where nothing is amiss a look costs the same however much is queued.
 *
 * Priorities have a bound, and start tags do not. When the virtual time has run far from the origin, the messages are
 * given the priorities that count from the next one, the first to run first: those that have theirs go ahead of those
 * that have not, in the same order as before. Then the origin is moved, and what was sent meanwhile is put right, too. A
 * dispatcher that dies on the way leaves an order that is right as well, and the next one begins anew; several that do
 * this together do the same.
 */
export class QueuedMessages {
  readonly #context: StageContext & { database: Database };
  readonly #page: number;
  /** where the last look ended; undefined where it came to the end */
  #after: QueuedJob | undefined;
  /** the origin that the last look counted priorities from */
  #origin: number | undefined;
  readonly #spent: SpentAttempts;
  /** whether all pages are to be looked at, though nothing be amiss, since that origin is new */
  #renewing = false;

  /** @param patience see SpentAttempts */
  constructor(context: StageContext & { database: Database }, page: number = defaultPage, patience?: number) {
    this.#context = context;
    this.#page = page;
    this.#spent = new SpentAttempts(context, patience);
  }

  /**
   * One look.
   * @param claimed names of attempts that runners have, whose messages may be gone
   * @param told of the Redis, where it is young and runners have told all that they run
   * @returns whether the next look is to come at once
   */
  async look(claimed: ReadonlySet<string>, told?: Youth): Promise<boolean> {
    const { database } = this.#context;
    const origin = await priorityOrigin(database.db);
    const next = originFor(await virtualTimes(database), origin);
    if (next !== (this.#origin ?? origin)) {
      this.#renewing = true;
      this.rewind();
    }
    this.#origin = next;
    const amiss = await this.#mendPage(claimed, next, told);
    if (this.#after !== undefined) return amiss || this.#renewing;
    this.#renewing = next !== origin;
    if (this.#renewing) await movePriorityOrigin(database, origin, next);
    return this.#renewing;
  }

  /** The next look begins with what is to run first. */
  rewind(): void {
    this.#after = undefined;
  }

  /** @returns whether anything was amiss */
  async #mendPage(claimed: ReadonlySet<string>, origin: number, told?: Youth): Promise<boolean> {
    const { access, config, database, queues } = this.#context;
    const page = await queuedJobs(database, this.#page, this.#after);
    this.#after = page.length < this.#page ? undefined : page.at(-1);
    const pauses = pausesOf(config.tryAgain);
    const jobs = page.filter(({ dueAt }) => isDue(dueAt, pauses));
    const places = await placements(this.#context, jobs);
    const placed = jobs.map((job, index) => ({ ...job, labels: places[index] as string[] }));
    // a message in a queue that runners do not know of is one that nobody takes
    for (const labels of new Map(placed.map((job) => [jobQueue(job.labels), job.labels])).values()) {
      await queues.announceLabels(labels);
    }
    const unwanted = await jobsToCancel(database);
    const looked = placed
      .map((job) => ({ ...job, job: job.id, priority: priorityOf(job.virtualStart, origin) }))
      .filter((job) => !unwanted(job) && !claimed.has(attemptName(job)));
    const found = await attemptMessages(access, looked);
    const elsewhere = await this.#withdrawn(looked.filter((_, index) => found[index] === undefined));
    const { missing } = elsewhere;
    const misplaced = looked.filter(({ priority }, index) => {
      const message = found[index];
      return message !== undefined && !message.isDone && message.priority !== priority;
    });
    if (missing.length > 0) await this.#send(missing, told);
    await queues.changePriorities(misplaced);
    const done = [...looked.filter((_, index) => found[index]?.isDone), ...elsewhere.done];
    await this.#spent.move(done, claimed);
    return missing.length + misplaced.length > 0;
  }

  /**
   * Runners that are kept for a repository, the labels that it needs, or whom a job is kept from may have changed since the
   * message was sent: then it waits in another queue. One that a runner has taken there stays.
   * @param jobs without a message where they belong
   * @returns those that have none anywhere now, and those with whose message a runner is done
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

  /** A Redis that was emptied since the look began is young, too, and gets only what no earlier one may have held. */
  async #send(missing: QueuedJob[], told: Youth | undefined): Promise<void> {
    const { access, database, logger } = this.#context;
    const ids = missing.map(({ id }) => id);
    const queued = await openJobs(database, { status: 'queued', jobs: ids, limit: ids.length });
    const youth = await youthOf(access, identityOf(database));
    const jobs = queued.filter((job) => youth?.id === told?.id || isNewTo(youth, job));
    if (jobs.length === 0) return;
    await route(this.#context, jobs);
    logger.info(`sent ${jobs.length} queued jobs that had no message`);
  }
}
