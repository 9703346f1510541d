import { createRedisBackend, type Job, type JobJson, Worker, type WorkerOptions } from 'bullmq';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { type AttemptRef, parseAttemptName, runnerNameOf } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { Bell, pause } from '../system/wait.ts';
import { isNotOurs } from './bullmq-errors.ts';
import { readable, toDeadLetters, whyNotUnderstood } from './dead-letters.ts';
import { serves } from './kept.ts';
import { type JobMessage, jobMessage } from './messages.ts';
import { jobQueue } from './names.ts';
import { queuesInTurn } from './next-queue.ts';
import { labelSets } from './queues.ts';

/** BullMQ's lock is a backstop only, see "attempts" in ARCHITECTURE.md: it is long, and losing it aborts nothing. */
const lockDuration = 120_000;
const renewInterval = 30_000;
/** seconds; after this a blocked wait looks again whether there are new queues */
const longestBlock = 5;

/** Without a free slot, or any queue, it looks again after this long (ms). */
const longestPause = 1000;

/** So long (ms) it is not asked again which queues there are: a new one is told of. */
const knownFor = 1000;

/** Milliseconds until a wait that had not begun is asked to end again. */
const unblockInterval = 10;

/** A wait that is asked to end and does not for this long (ms) is broken off. */
const unblockPatience = 500;

/** A fetch that took longer (ms) is checked before its message is believed to be ours. */
const trustedFetch = 1000;

/** A Worker that fetches one message when it is told to, instead of running a loop of its own. */
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
 * When a message has ended decides how long it is kept, and which others are kept no longer. BullMQ has this machine's clock
 * say that; one that is days ahead would have what others have just ended removed.
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
 * Its id stays for a while, so that it is not sent again; what it says is of no more use, and may be a megabyte. Both are
 * asked for in one exchange.
 */
async function complete(job: Job, token: string): Promise<void> {
  const emptied = job.updateData({}).catch(() => undefined);
  await job.moveToCompleted('', token, false);
  await emptied;
}

export interface SlotWorkerOptions {
  /** id of the runner; tokens begin with it, so that the dispatcher can tell whose message one is */
  runner: string;
  slots: number;
  /** what the runner offers; it serves every queue whose labels are all among them */
  labels: readonly string[];
  /** patterns of the repositories that it is kept for, see kept.ts */
  repos?(): readonly (readonly string[])[];
  logger: Logger;
  /**
   * Executes one attempt.
   * @returns whether the attempt is over, so that its message may go; if not, it stays for the dispatcher to take back
   */
  run(message: JobMessage): Promise<boolean>;
  /** The attempt's message cannot be understood; it is set aside. */
  refuse(attempt: AttemptRef, why: string): Promise<void>;
  /**
   * Whether a message, as it came, is what Volt has sent. One that is not is set aside; where it is in the place of an
   * attempt's message, it goes, so that the true one is sent again, and it is for this to keep a copy where people see it.
   */
  isGenuine(content: unknown, attempt: AttemptRef | undefined): boolean | Promise<boolean>;
  /** False while the runner cannot work; it is asked before each fetch. */
  ready(): boolean;
}

/**
 * Serves any number of queues with one shared number of slots, over two connections. One BZPOPMIN waits on the markers
 * of all queues, and a message is fetched only when a slot is free; a Worker for each queue would hold messages that
 * other runners could have had.
 */
export class SlotWorker {
  readonly #access: RedisAccess;
  readonly #options: SlotWorkerOptions;
  readonly #fetchers = new Map<string, Fetcher>();
  readonly #held = new Map<string, { job: Job; fetcher: Fetcher; token: string; done: Promise<void> }>();
  readonly #blocking;
  readonly #renewal: NodeJS.Timeout;
  #connection: number | undefined;
  /** whether Redis is asked for a marker, or is about to be */
  #isWaiting = false;
  /** the queues that it serves, and when (ms of performance.now()) they were asked for; there is at least one */
  #known: { queues: string[]; at: number } | undefined;
  #looks = 0;
  #sequence = 0;
  /** the queue that the last message came from */
  #served: string | undefined;
  #stopped = false;
  /** what has failed last */
  #failure: string | undefined;
  /** a slot has become free, a queue is new, or the runner is ready again */
  readonly #bell = new Bell();
  readonly #loop: Promise<void>;

  constructor(access: RedisAccess, options: SlotWorkerOptions) {
    this.#access = access;
    this.#options = options;
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

  /** Looks for new queues at once, or for messages when the runner has become ready. */
  look(): void {
    this.#known = undefined;
    this.#looks++;
    this.#bell.ring();
    void this.#endWait();
  }

  /** The order to end the wait may come to Redis before the wait does, by another connection; then it is given again. */
  async #endWait(): Promise<void> {
    while (this.#isWaiting && this.#connection !== undefined) {
      const unblocking = this.#access.client.call('CLIENT', 'UNBLOCK', String(this.#connection));
      if ((await unblocking.catch(() => undefined)) !== 0) return;
      await pause(unblockInterval);
    }
  }

  /**
   * Asks for no more messages from now on; resolves when no more can come. One that had been asked for may still come,
   * when Redis is back after a while; `run` is given it. Those under way go on.
   */
  async stopFetching(): Promise<void> {
    this.#stopped = true;
    this.look();
    // while Redis is away nobody ends the wait for a marker
    const late = setTimeout(() => this.#blocking.disconnect(), unblockPatience);
    await this.#loop;
    clearTimeout(late);
  }

  /** Resolves when the attempts under way have ended and everything is closed. */
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
        const looks = this.#looks;
        const queues = await this.#queues();
        if (queues.length === 0) {
          await this.#bell.wait(longestPause);
          continue;
        }
        const got = await this.#fetchFromAny(queues, popped);
        this.#failure = undefined;
        popped = got || this.#stopped ? undefined : await this.#waitForMarker(queues, looks);
      } catch (error) {
        if (!this.#stopped) {
          this.#tellFailure(error);
          await pause(200);
        }
      }
    }
  }

  /** That a server is away is said by its connection; what it answers again and again is said once. */
  #tellFailure(error: unknown): void {
    const text = `taking jobs failed and is retried: ${errorText(error)}`;
    const isNew = error instanceof Error && error.name === 'ReplyError' && text !== this.#failure;
    this.#options.logger.log(isNew ? 'warn' : 'debug', text);
    this.#failure = text;
  }

  async #queues(): Promise<string[]> {
    const [at, looks] = [performance.now(), this.#looks];
    if (this.#known && at - this.#known.at < knownFor) return this.#known.queues;
    const server = {
      name: runnerNameOf(this.#options.runner),
      labels: this.#options.labels,
      repos: this.#options.repos?.() ?? [],
    };
    const sets = await labelSets(this.#access);
    const queues = sets.filter((set) => serves(server, set)).map(jobQueue);
    this.#forgetOthers(queues);
    // word of a new queue may have come meanwhile
    if (queues.length > 0 && looks === this.#looks) this.#known = { queues, at };
    return queues;
  }

  /** The queue whose marker was popped goes first, since no other runner is woken for it. The others take turns. */
  async #fetchFromAny(queues: string[], popped: string | undefined): Promise<boolean> {
    if (popped && (await this.#fetchFrom(popped))) return true;
    const others = queues.filter((queue) => queue !== popped);
    for (const queue of await queuesInTurn(this.#access, others, this.#served)) {
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
    // a process that was frozen while it asked may find that its message has been taken back long since
    if (performance.now() - asked > trustedFetch && !(await this.#isOurs(fetcher, job, token))) return false;
    this.#served = queue;
    this.#take(queue, fetcher, job, token);
    return true;
  }

  async #isOurs(fetcher: Fetcher, job: Job, token: string): Promise<boolean> {
    const lost = await fetcher.extendJobLocks([job.id as string], [token], lockDuration);
    return lost.length === 0;
  }

  /** @param looks how often it had been told to look when the queues were asked for */
  async #waitForMarker(queues: string[], looks: number): Promise<string | undefined> {
    // asked for before the wait: on this connection the answer would come only after it
    this.#connection ??= await this.#blocking.client('ID');
    if (this.#stopped || looks !== this.#looks) return undefined;
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

  /** Queues come and go with the labels that jobs ask for. */
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
    const done = this.#execute(job, token).finally(() => {
      this.#held.delete(key);
      this.#bell.ring();
    });
    this.#held.set(key, { job, fetcher, token, done });
  }

  async #execute(job: Job, token: string): Promise<void> {
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
        if (await run(parsed.data)) await complete(job, token);
      } else {
        const why = whyNotUnderstood(parsed.error);
        logger.error(`set aside a message of "${job.queueName}" that cannot be understood`, { id: job.id, issue: why });
        await toDeadLetters(job);
        if (attempt) await this.#options.refuse(attempt, why);
        await job.moveToFailed(new Error(`not understood: ${why}`), token, false);
      }
    } catch (error) {
      const level = isNotOurs(error) ? 'debug' : 'warn';
      logger.log(level, `could not take message ${job.id} out of its queue: ${errorText(error)}`);
    }
  }

  async #renewLocks(): Promise<void> {
    for (const { fetcher, job, token } of this.#held.values()) {
      await fetcher.extendJobLocks([job.id as string], [token], lockDuration).catch(() => undefined);
    }
  }
}
