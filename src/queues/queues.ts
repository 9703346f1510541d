import { Job, Queue } from 'bullmq';
import * as z from 'zod';
import { VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { type AttemptRef, attemptName, type BuildId, buildIdOf } from '../kernel/model.ts';
import { labelPattern } from '../kernel/names.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { noteBuild } from '../redis/identity.ts';
import { withSignature } from '../secrets/signed-message.ts';
import type { Signer } from '../secrets/signing.ts';
import { yieldToOthers } from '../system/event-loop.ts';
import { parseJson } from '../system/parse-json.ts';
import { isMissing } from './bullmq-errors.ts';
import {
  type AdvanceMessage,
  advanceMessage,
  type CommitMessage,
  commitMessage,
  type JobMessage,
  jobMessage,
  noticesMessage,
  type ObserveMessage,
  observeMessage,
  type ResultMessage,
  resultMessage,
  type SecretsMessage,
  secretsMessage,
} from './messages.ts';
import { jobQueue, messageIds, observeQueue, queueNames } from './names.ts';

/** Most bytes of a message. */
const sizeLimit = 1_048_576;
/** Bytes of a message for the signature. */
const signatureRoom = 256;

/**
 * A handled message is removed, so that its id is free again; the database refuses what must not happen twice. A handler
 * that fails is tried again without end (a full disk is repaired some day). A message that cannot be understood becomes a
 * dead letter at once.
 */
const handled = {
  removeOnComplete: true,
  removeOnFail: false,
  attempts: Number.MAX_SAFE_INTEGER,
  backoff: { type: 'capped' },
  sizeLimit,
} as const;

/**
 * One message of a job is one attempt, and is never delivered twice. A completed message stays for a while: its outcome may
 * not be recorded yet, and until then the job is recorded as queued.
 */
const once = {
  removeOnComplete: { age: 86_400, count: 10_000 },
  removeOnFail: true,
  attempts: 1,
  sizeLimit,
} as const;

/** Messages of jobs that are sent at a time: plans are long and would block the event loop. */
const mostAtOnce = 16;

/** A queue that was not used for this long (ms) is closed when another one is opened; it can be opened again. */
const unusedFor = 600_000;
/** Most dead letters that are kept of what came by other means than a queue. */
const mostSetAside = 1000;

/** The part of the database that queues need to send messages in the name of this Volt. */
export interface MessageSigner {
  readonly signer: Signer;
  /** resolves when everything that is recorded survives a power cut */
  durable(): Promise<void>;
}

/** The sending side of every queue, and the state of waiting messages. */
export class Queues {
  readonly #access: RedisAccess;
  readonly #logger: Logger;
  readonly #database: MessageSigner | undefined;
  /** open queues, the one unused for the longest time first; `at` by `performance.now()` */
  readonly #open = new Map<string, { queue: Queue; at: number }>();
  /** the highest id of a build whose messages were sent from here */
  #highest = 0;

  /** @param database needed for messages that only stages with a database send */
  constructor(access: RedisAccess, logger: Logger, database?: MessageSigner) {
    this.#access = access;
    this.#logger = logger;
    this.#database = database;
  }

  /** The queue of that name, for reading its state. Messages are sent by the methods below. */
  queue(name: string): Queue {
    const known = this.#open.get(name);
    const queue = known?.queue ?? this.#opened(name);
    this.#open.delete(name);
    this.#open.set(name, { queue, at: performance.now() });
    return queue;
  }

  #opened(name: string): Queue {
    this.#closeUnused();
    const queue = new Queue(name, { connection: this.#access.client, prefix: this.#access.keys.bull });
    queue.on('error', (error) => this.#logger.debug(`queue ${name}: ${error.message}`));
    return queue;
  }

  /** Queues of label sets come and go, and another process may forget them. */
  #closeUnused(): void {
    for (const [name, { queue, at }] of this.#open) {
      if (performance.now() - at < unusedFor) return;
      this.#open.delete(name);
      void queue.close().catch(() => undefined);
    }
  }

  async sendCommits(messages: CommitMessage[]): Promise<void> {
    await this.queue(queueNames.commits).addBulk(
      messages.map((message) => ({
        name: `${message.repo} ${message.sha.slice(0, 10)}`,
        data: fittingCommit(message),
        opts: { ...handled, jobId: messageIds.commit(message) },
      })),
    );
  }

  /** Requests a poll of a repository; several requests before the poll starts count as one. */
  async sendObserve(host: string | null, message: ObserveMessage): Promise<void> {
    const id = `${message.repo}.now`;
    await this.queue(observeQueue(host)).add(message.repo, encode(observeMessage, message), {
      ...handled,
      attempts: 1,
      // the next scheduled poll tries again; only dead letters stay in the failed set
      removeOnFail: true,
      deduplication: { id, keepLastIfActive: true },
    });
  }

  /** Polls a repository every so many seconds, the first time at once. */
  async scheduleObserve(host: string | null, repo: string, seconds: number): Promise<void> {
    const data = encode(observeMessage, { v: 1, repo, cause: 'schedule' });
    await this.queue(observeQueue(host)).upsertJobScheduler(
      repo,
      { every: Math.round(seconds * 1000) },
      { name: repo, data, opts: { removeOnComplete: true, removeOnFail: true } },
    );
  }

  /** When (ms since 1970) each repository is polled next; undefined without a schedule. */
  async nextObserve(host: string | null, repos: readonly string[]): Promise<(number | undefined)[]> {
    const pipeline = this.#access.client.pipeline();
    for (const repo of repos) pipeline.zscore(`${this.#access.keys.bull}:${observeQueue(host)}:repeat`, repo);
    return ((await pipeline.exec()) ?? []).map(([, next]) =>
      typeof next === 'number' || typeof next === 'string' ? Number(next) : undefined,
    );
  }

  async unscheduleObserve(host: string | null, repo: string): Promise<void> {
    await this.queue(observeQueue(host)).removeJobScheduler(repo);
  }

  /** @param cause `mend` if it is unknown whether the build has changed; such messages of one build count as one */
  async sendAdvance(message: AdvanceMessage, cause?: 'mend'): Promise<void> {
    const once = cause === undefined ? {} : { jobId: messageIds.mend(message) };
    await this.queue(queueNames.advance).add(message.build, encode(advanceMessage, message), { ...handled, ...once });
  }

  /** Only a hint: due jobs are found in the database in any case. @param at milliseconds since 1970 */
  async sendWhenDue(message: Required<AdvanceMessage>, at: number): Promise<void> {
    const delay = Math.max(0, at - Date.now());
    await this.queue(queueNames.advance).add(message.build, encode(advanceMessage, message), { ...handled, delay });
  }

  /** Only a hint: notices are found in the database in any case. Several of them count as one. */
  async sendNotices(): Promise<void> {
    await this.queue(queueNames.notices).add('due', encode(noticesMessage, { v: 1 }), {
      ...handled,
      deduplication: { id: 'due', keepLastIfActive: true },
    });
  }

  /**
   * @param entries `priority`: 1 to 2,097,151; lower runs first, equal ones in the order of sending; `queue`: labels of the
   * queue, see queue-labels.ts, by default the labels that the job asks for
   */
  async sendJobs(entries: JobEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const volt = this.#volt;
    // if the database lost this attempt, it would make and run another one with the same name
    await this.#mention(
      volt,
      entries.map(({ message }) => message.build),
    );
    const { id: server } = await this.#access.serverRuns.current();
    const byQueue = groupByQueue(entries);
    for (const [name, group] of byQueue) {
      await this.announceLabels(group[0] ? labelsOf(group[0]) : []);
      for (let first = 0; first < group.length; first += mostAtOnce) {
        await yieldToOthers();
        await this.queue(name).addBulk(
          group.slice(first, first + mostAtOnce).map(({ message, priority }) => ({
            name: `${message.repo.name} ${message.name}`,
            data: withSignature('job', encode(jobMessage, { ...message, server }), volt.signer),
            opts: { ...once, priority, jobId: messageIds.job(message) },
          })),
        );
      }
    }
  }

  /**
   * Changes the priorities of messages of jobs. Each change is atomic, so a runner may take the message at any time. Among
   * equal priorities, the message that was changed last runs last.
   */
  async changePriorities(entries: readonly (AttemptRef & { labels: string[]; priority: number })[]): Promise<void> {
    for (let first = 0; first < entries.length; first += mostAtOnce) {
      await yieldToOthers();
      await Promise.all(
        entries.slice(first, first + mostAtOnce).map(async ({ labels, priority, ...ref }) => {
          // BullMQ needs its id only
          const message = new Job(this.queue(jobQueue(labels)), '', {}, {}, messageIds.job(ref));
          await message.changePriority({ priority }).catch((error: unknown) => {
            if (!isMissing(error)) throw error;
          });
        }),
      );
    }
  }

  /** Requests something sealed for an attempt; several equal requests before the answer count as one. */
  async sendSecretsRequest(message: SecretsMessage): Promise<void> {
    await this.queue(queueNames.secrets).add(message.kind, encode(secretsMessage, message), {
      ...handled,
      jobId: messageIds.secrets(message),
    });
  }

  /** @param signer of the runner that reports; by default this Volt signs, for decisions of a dispatcher */
  async sendResult(message: ResultMessage, signer?: Signer): Promise<void> {
    if (signer) return this.#addResult(message, signedResult(message, signer));
    const volt = this.#volt;
    const build = buildIdOf(message.job);
    // if the database lost this build, another build would get its id, and this message
    if (Number(build) > this.#highest) await this.#mention(volt, [build]);
    await this.#addResult(message, signedResult(message, volt.signer));
  }

  /** Sends a message again that a runner has signed and sent in a heartbeat. @param content as received */
  async repeatResult(message: ResultMessage, content: object): Promise<void> {
    await this.#addResult(message, content);
  }

  async #addResult(message: ResultMessage, content: object): Promise<void> {
    const opts = { ...handled, jobId: messageIds.result(message) };
    await this.queue(queueNames.results).add(message.kind, content, opts);
  }

  /**
   * Must come before a queue learns of builds: makes them survive a power cut, and notes in Redis that their ids are in use,
   * in case the database loses them all the same.
   */
  async #mention(volt: MessageSigner, builds: readonly BuildId[]): Promise<void> {
    const highest = Math.max(...builds.map(Number));
    await Promise.all([volt.durable(), highest > this.#highest ? noteBuild(this.#access, highest) : undefined]);
    this.#highest = Math.max(this.#highest, highest);
  }

  get #volt(): MessageSigner {
    if (this.#database) return this.#database;
    throw new VoltError('internal', 'a process without the database cannot sign for Volt', {
      remedy: 'This is a fault of Volt; please report it.',
    });
  }

  /**
   * Adds a dead letter that came by other means than a queue, up to a limit.
   * @param name says where it was; the same name is kept once
   * @returns whether it was kept
   */
  async setAside(name: string, content: readonly string[]): Promise<boolean> {
    const queue = this.queue(queueNames.setAside);
    if ((await queue.getWaitingCount()) >= mostSetAside) return false;
    const data = { content: content.map((text) => text.slice(0, 1000)) };
    await queue.add(name, data, { jobId: name.replaceAll(':', '='), removeOnComplete: true, removeOnFail: false });
    return true;
  }

  /** Whether a runner has sent the outcome of the attempt, and it is not recorded yet. */
  async holdsOutcome({ job, attempt }: AttemptRef): Promise<boolean> {
    const results = this.queue(queueNames.results);
    const name = attemptName({ job, attempt });
    const states = await Promise.all([`${name}.finished`, `${name}.returned`].map((id) => results.getJobState(id)));
    // a dead letter is never recorded by itself
    return states.some((state) => state !== 'unknown' && state !== 'failed');
  }

  /** Makes the queue of these labels known to runners. */
  async announceLabels(labels: readonly string[]): Promise<void> {
    const { client, keys } = this.#access;
    const added = await client.sadd(keys.labelQueues, JSON.stringify(labels));
    if (added === 1) await client.publish(keys.newQueue, JSON.stringify(labels));
  }

  /** Removes the queue of these labels with its completed messages; a queue with others stays. */
  async forgetLabels(labels: readonly string[]): Promise<void> {
    const name = jobQueue(labels);
    const queue = this.queue(name);
    if ((await queue.getJobCountByTypes('waiting', 'prioritized', 'active')) > 0) return;
    await this.#access.client.srem(this.#access.keys.labelQueues, JSON.stringify(labels));
    await queue.obliterate();
    this.#open.delete(name);
    await queue.close();
  }

  /** Every label set that has a queue. */
  async labelSets(): Promise<string[][]> {
    return labelSets(this.#access);
  }

  /** Names of all queues that exist. */
  async names(): Promise<string[]> {
    const sets = await this.labelSets();
    const known = new Set<string>([...Object.values(queueNames), ...sets.map(jobQueue), ...this.#open.keys()]);
    return [...known].sort();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ queue }) => queue.close()));
    this.#open.clear();
  }
}

const labelSet = z.array(z.string().regex(labelPattern));

/** Every label set that has a queue. Entries that are no list of labels are not Volt's. */
export async function labelSets({ client, keys }: RedisAccess): Promise<string[][]> {
  const sets = (await client.smembers(keys.labelQueues)).map((text) => labelSet.safeParse(parseJson(text)).data);
  return sets.filter((set) => set !== undefined).sort();
}

interface JobEntry {
  message: JobMessage;
  priority: number;
  queue?: string[];
}

function labelsOf({ message, queue }: JobEntry): string[] {
  return queue ?? message.labels;
}

function groupByQueue(entries: JobEntry[]) {
  const groups = new Map<string, JobEntry[]>();
  for (const entry of entries) {
    const name = jobQueue(labelsOf(entry));
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push(entry);
  }
  return groups;
}

/**
 * The message of a commit as it is sent.
 * @throws VoltError if it does not fit its schema, or `too_large`
 */
export function fittingCommit(message: CommitMessage): CommitMessage {
  const what = `what a build of ${message.sha} needs`;
  return fitting(encode(commitMessage, message), sizeLimit, what, 'Use fewer or smaller workflow files.');
}

/**
 * The message of a job as it is sent.
 * @throws VoltError if it does not fit its schema, or `too_large`
 */
export function fittingJob(message: JobMessage): JobMessage {
  const remedy = 'Split the job, or move long scripts into files of the repository.';
  return fitting(encode(jobMessage, message), sizeLimit - signatureRoom, 'its plan', remedy);
}

function fitting<M>(message: M, most: number, what: string, remedy: string): M {
  const bytes = Buffer.byteLength(JSON.stringify(message));
  if (bytes <= most) return message;
  throw new VoltError('too_large', `${what} is too large for a message (${bytes} bytes, at most ${most})`, { remedy });
}

/** A result as it is sent. */
export function signedResult(message: ResultMessage, signer: Signer): object {
  return withSignature('runner result', encode(resultMessage, message), signer);
}

/** The message as it is sent. A message that does not fit its schema is a fault of Volt. */
function encode<S extends z.ZodType>(schema: S, message: z.input<S>): z.output<S> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const what = `a message does not fit its schema: ${issue?.path.join('.')}: ${issue?.message}`;
  throw new VoltError('internal', what, {
    remedy: 'This is a fault of Volt; please report it.',
    cause: parsed.error,
  });
}
