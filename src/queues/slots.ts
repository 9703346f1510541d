import { createRedisBackend, type Job, type JobJson, Worker, type WorkerOptions } from 'bullmq';
import { errorText } from '../kernel/errors.ts';
import { isBehindOthers, laterPlans } from '../kernel/later-plans.ts';
import type { Logger } from '../kernel/logger.ts';
import { type AttemptRef, parseAttemptName, runnerNameOf } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { Bell, pause } from '../system/wait.ts';
import { isNotOurs } from './bullmq-errors.ts';
import { readable, toDeadLetters, whyNotUnderstood } from './dead-letters.ts';
import { type JobMessage, jobMessage } from './messages.ts';
import { jobQueue } from './names.ts';
import { queuesInTurn } from './next-queue.ts';
import { parseQueueLabels, servesQueue } from './queue-labels.ts';
import { labelSets } from './queues.ts';
import { ReturnedMessages } from './returned-messages.ts';

/** BullMQ's lock is a backstop only, see "attempts" in ARCHITECTURE.md: it is long, and losing it aborts no job. */
const lockDuration = 120_000;
const renewInterval = 30_000;
/** seconds; after this a blocked wait ends to look up new queues */
const longestBlock = 5;

/** Without a free slot, or any queue, it tries again after this long (ms). */
const longestPause = 1000;

/** The list of queues is cached for this long (ms); new queues are announced. */
const knownFor = 1000;

/** After so many jobs of others in a row, jobs of pull requests get their turn as well: they wait long, but not for ever. */
const mostAhead = 1000;

/** Milliseconds until a wait that had not started yet is unblocked again. */
const unblockInterval = 10;

/** A wait that does not end for this long (ms) after it was unblocked is disconnected. */
const unblockPatience = 500;

/** After a fetch that took longer (ms), the lock of the message is checked. */
const trustedFetch = 1000;

/** A Worker that fetches one message on request, instead of running a loop of its own. */
class Fetcher extends Worker {
  constructor(queue: string, options: WorkerOptions) {
    super(queue, null, options, (name, opts, how) =>
      byServerTime(createRedisBackend(name, opts, { ...how, blocking: false, withBlockingConnection: false })),
    );
  }

  async fetch(token: string): Promise<Job | undefined> {
    const [data, id] = await this.backend.moveToActive(token, this.opts.name);
    return data && id ? this.nextJobFromJobData(data, id, token) : undefined;
  }

  protected override createJob(json: JobJson, id: string): Job {
    return super.createJob(readable(json), id);
  }
}

/**
 * Makes BullMQ use the server's time for the end of a message, which decides how long messages are kept. BullMQ uses this
 * machine's clock; one that is days ahead would remove messages that other runners have just completed.
 */
function byServerTime(backend: ReturnType<typeof createRedisBackend>): typeof backend {
  const made = backend.moveToCompletedArgs.bind(backend);
  backend.moveToCompletedArgs = (...given: Parameters<typeof made>) => {
    const args = made(...given);
    // after the keys and the id, where BullMQ itself takes it from
    args[backend.moveToFinishedKeys.length + 1] = serverNow();
    return args;
  };
  return backend;
}

/**
 * Completes a message in one exchange. Its id stays for a while, so that it is not sent again; its content, which may be a
 * megabyte, is removed.
 */
async function complete(job: Job, token: string): Promise<void> {
  const emptied = job.updateData({}).catch(() => undefined);
  await job.moveToCompleted('', token, false);
  await emptied;
}

export interface SlotWorkerOptions {
  /** id of the runner; lock tokens start with it, so the dispatcher knows who holds a message */
  runner: string;
  slots: number;
  /** the runner's labels; it serves every queue whose labels it all has */
  labels: readonly string[];
  /** kinds of plans that it takes, see queue-labels.ts; all by default */
  plans?: readonly string[];
  /** globs of the repositories that it is reserved for, see queue-labels.ts */
  repos?(): readonly (readonly string[])[];
  logger: Logger;
  /**
   * Executes one attempt.
   * @returns whether the attempt is over; if not, its message stays for the dispatcher to take back
   */
  run(message: JobMessage): Promise<boolean>;
  /** The attempt's message cannot be understood and becomes a dead letter. */
  refuse(attempt: AttemptRef, why: string): Promise<void>;
  /**
   * Whether a received message was sent by this Volt. Another one becomes a dead letter. If it has the id of an attempt's
   * message, it is removed instead, so that the true one is sent again; this function then keeps a copy for people.
   */
  isGenuine(content: unknown, attempt: AttemptRef | undefined): boolean | Promise<boolean>;
  /** False while the runner cannot work; called before each fetch. */
  ready(): boolean;
}

/**
 * Serves any number of queues with a shared number of slots, over two connections. One BZPOPMIN waits on the markers of all
 * queues, and a message is fetched only when a slot is free. A Worker for each queue would hold messages that other runners
 * could take.
 */
export class SlotWorker {
  readonly #access: RedisAccess;
  readonly #options: SlotWorkerOptions;
  readonly #fetchers = new Map<string, Fetcher>();
  readonly #held = new Map<string, { job: Job; fetcher: Fetcher; token: string; done: Promise<void> }>();
  readonly #returned: ReturnedMessages;
  readonly #blocking;
  readonly #renewal: NodeJS.Timeout;
  #connection: number | undefined;
  /** whether a wait for a marker runs or is about to start */
  #isWaiting = false;
  /** the queues that it serves, at least one, and when they were looked up (`performance.now()`) */
  #known: { queues: string[]; at: number } | undefined;
  /** those of them that hold jobs that strangers may cause, which let the others go ahead */
  #behind: ReadonlySet<string> = new Set();
  /** how many messages came from the others since the last one of those */
  #ahead = 0;
  #refreshes = 0;
  #sequence = 0;
  /** the queue that the last message came from */
  #served: string | undefined;
  #stopped = false;
  /** the last failure that was logged */
  #failure: string | undefined;
  /** a slot has become free, a queue is new, or the runner is ready again */
  readonly #bell = new Bell();
  readonly #loop: Promise<void>;

  constructor(access: RedisAccess, options: SlotWorkerOptions) {
    this.#access = access;
    this.#options = options;
    this.#returned = new ReturnedMessages(access, options.runner);
    this.#blocking = access.open(`runner ${options.runner}`);
    this.#blocking.on('close', () => {
      this.#connection = undefined;
    });
    this.#renewal = setInterval(() => void this.#renewLocks(), renewInterval);
    this.#loop = this.#serve();
  }

  get free(): number {
    return this.#options.slots - this.#held.size;
  }

  /** Looks up queues and messages at once: there are new queues, or the runner has become ready. */
  refreshQueues(): void {
    this.#known = undefined;
    this.#refreshes++;
    this.#bell.ring();
    void this.#endWait();
  }

  /** Ends the wait for a marker. The order may reach Redis before the wait does, on another connection; then it is repeated. */
  async #endWait(): Promise<void> {
    while (this.#isWaiting && this.#connection !== undefined) {
      const unblocking = this.#access.client.call('CLIENT', 'UNBLOCK', String(this.#connection));
      if ((await unblocking.catch(() => undefined)) !== 0) return;
      await pause(unblockInterval);
    }
  }

  /**
   * Stops fetching; resolves when no more messages can arrive. A message that was requested before may still arrive, when
   * Redis is back after a while; `run` gets it. Running attempts go on.
   */
  async stopFetching(): Promise<void> {
    this.#stopped = true;
    this.refreshQueues();
    // while Redis is away, the wait for a marker cannot be unblocked
    const late = setTimeout(() => this.#blocking.disconnect(), unblockPatience);
    await this.#loop;
    clearTimeout(late);
  }

  /** Resolves when the running attempts have ended and everything is closed. */
  async close(): Promise<void> {
    await this.stopFetching();
    await Promise.all([...this.#held.values()].map((held) => held.done));
    clearInterval(this.#renewal);
    this.#blocking.disconnect();
    await Promise.all([...this.#fetchers.values()].map((fetcher) => fetcher.close(true).catch(() => undefined)));
  }

  async #serve(): Promise<void> {
    let popped: string | undefined;
    while (!this.#stopped) {
      try {
        if (this.free <= 0 || !this.#options.ready()) {
          await this.#bell.wait(longestPause);
          continue;
        }
        const refreshes = this.#refreshes;
        const queues = await this.#queues();
        if (queues.length === 0) {
          await this.#bell.wait(longestPause);
          continue;
        }
        const got = await this.#fetchFromAny(queues, popped);
        this.#failure = undefined;
        popped = got || this.#stopped ? undefined : await this.#waitForMarker(queues, refreshes);
      } catch (error) {
        if (!this.#stopped) {
          this.#logFailure(error);
          await pause(200);
        }
      }
    }
  }

  /** The connection reports that a server is away; a repeated error reply is logged once. */
  #logFailure(error: unknown): void {
    const text = `taking jobs failed and is retried: ${errorText(error)}`;
    const isNew = error instanceof Error && error.name === 'ReplyError' && text !== this.#failure;
    this.#options.logger.log(isNew ? 'warn' : 'debug', text);
    this.#failure = text;
  }

  async #queues(): Promise<string[]> {
    const [at, refreshes] = [performance.now(), this.#refreshes];
    if (this.#known && at - this.#known.at < knownFor) return this.#known.queues;
    const server = {
      name: runnerNameOf(this.#options.runner),
      labels: this.#options.labels,
      repos: this.#options.repos?.() ?? [],
      plans: this.#options.plans ?? laterPlans,
    };
    const sets = (await labelSets(this.#access)).filter((set) => servesQueue(server, set));
    const queues = sets.map(jobQueue);
    this.#behind = new Set(sets.filter((set) => isBehindOthers(parseQueueLabels(set).kind)).map(jobQueue));
    this.#forgetOthers(queues);
    // a new queue may have been announced in this time
    if (queues.length > 0 && refreshes === this.#refreshes) this.#known = { queues, at };
    return queues;
  }

  /** The queue whose marker was popped goes first, since no other runner is woken for it. The others take turns. */
  async #fetchFromAny(queues: string[], popped: string | undefined): Promise<boolean> {
    if (popped && (await this.#fetchFrom(popped))) return true;
    const others = queues.filter((queue) => queue !== popped);
    const behind = this.#ahead < mostAhead ? this.#behind : new Set<string>();
    for (const queue of await queuesInTurn(this.#access, others, this.#served, behind)) {
      if (await this.#fetchFrom(queue)) return true;
    }
    return false;
  }

  async #fetchFrom(queue: string): Promise<boolean> {
    const fetcher = this.#fetcher(queue);
    const token = `${this.#options.runner}:${++this.#sequence}`;
    const asked = performance.now();
    const job = await fetcher.fetch(token);
    if (!job) return false;
    // if this process was frozen in this time, its message may have been taken back
    const isLate = performance.now() - asked > trustedFetch;
    if (isLate && (await fetcher.extendJobLocks([job.id as string], [token], lockDuration)).length > 0) return false;
    this.#served = queue;
    this.#ahead = this.#behind.has(queue) ? 0 : this.#ahead + 1;
    this.#take(queue, fetcher, job, token);
    return true;
  }

  /** @param refreshes number of calls of `refreshQueues` when the queues were looked up */
  async #waitForMarker(queues: string[], refreshes: number): Promise<string | undefined> {
    // before the wait, which blocks this connection
    this.#connection ??= await this.#blocking.client('ID');
    if (this.#stopped || refreshes !== this.#refreshes) return undefined;
    const keys = queues.map((queue) => `${this.#access.keys.bull}:${queue}:marker`);
    this.#isWaiting = true;
    const reply = await this.#blocking.bzpopmin(...keys, longestBlock).finally(() => {
      this.#isWaiting = false;
    });
    return reply ? queues[keys.indexOf(reply[0])] : undefined;
  }

  #fetcher(queue: string): Fetcher {
    let fetcher = this.#fetchers.get(queue);
    if (!fetcher) {
      fetcher = new Fetcher(queue, {
        connection: this.#access.client,
        prefix: this.#access.keys.bull,
        name: this.#options.runner,
        lockDuration,
        autorun: false,
      });
      fetcher.on('error', (error) => this.#options.logger.debug(`queue ${queue}: ${errorText(error)}`));
      this.#fetchers.set(queue, fetcher);
    }
    return fetcher;
  }

  /** Closes fetchers of queues that are gone: queues come and go with the labels that jobs ask for. */
  #forgetOthers(queues: readonly string[]): void {
    const kept = new Set<Fetcher | undefined>([...this.#held.values()].map(({ fetcher }) => fetcher));
    for (const queue of queues) kept.add(this.#fetchers.get(queue));
    for (const [queue, fetcher] of this.#fetchers) {
      if (kept.has(fetcher)) continue;
      this.#fetchers.delete(queue);
      void fetcher.close(true).catch(() => undefined);
    }
  }

  #take(queue: string, fetcher: Fetcher, job: Job, token: string): void {
    const key = `${queue} ${job.id}`;
    const done = this.#execute(job, fetcher, token).finally(() => {
      this.#held.delete(key);
      this.#bell.ring();
    });
    this.#held.set(key, { job, fetcher, token, done });
  }

  async #execute(job: Job, fetcher: Fetcher, token: string): Promise<void> {
    const { logger, run, isGenuine } = this.#options;
    try {
      const attempt = parseAttemptName(String(job.id));
      if (!(await isGenuine(job.data, attempt))) {
        logger.error(`took out a message of "${job.queueName}" that this Volt has not signed`, { id: job.id });
        if (attempt) job.opts.removeOnFail = true;
        else await toDeadLetters(job);
        await job.moveToFailed(new Error('not signed by this Volt'), token, false);
        return;
      }
      const parsed = jobMessage.safeParse(job.data);
      if (parsed.success) {
        if (!(await this.#isFree(parsed.data, job, fetcher, token))) return;
        if (await run(parsed.data)) await complete(job, token);
      } else {
        const why = whyNotUnderstood(parsed.error);
        logger.error(`moved a message of "${job.queueName}" to the dead letters: it cannot be understood`, {
          id: job.id,
          issue: why,
        });
        await toDeadLetters(job);
        if (attempt) await this.#options.refuse(attempt, why);
        await job.moveToFailed(new Error(`not understood: ${why}`), token, false);
      }
    } catch (error) {
      const level = isNotOurs(error) ? 'debug' : 'warn';
      logger.log(level, `could not take message ${job.id} out of its queue: ${errorText(error)}`);
    }
  }

  /** Whether no other runner has the attempt; else its message is removed, unless the other runner has that, too. */
  async #isFree(message: JobMessage, job: Job, fetcher: Fetcher, token: string): Promise<boolean> {
    if (!(await this.#returned.mayBeReturned(message.server))) return true;
    const holder = await this.#returned.holderOf(message);
    // the message may have been taken from a server that has lost this since
    if ((await fetcher.extendJobLocks([job.id as string], [token], lockDuration)).length > 0) return false;
    if (holder === undefined) return true;
    this.#options.logger.info(`removed a message that came again: runner ${holder} has its attempt`, { id: job.id });
    job.opts.removeOnFail = true;
    await job.moveToFailed(new Error(`runner ${holder} has the attempt`), token, false);
    return false;
  }

  async #renewLocks(): Promise<void> {
    for (const { fetcher, job, token } of this.#held.values()) {
      await fetcher.extendJobLocks([job.id as string], [token], lockDuration).catch(() => undefined);
    }
  }
}
