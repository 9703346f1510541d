import { DelayedError, type Job, type JobJson, UnrecoverableError, Worker } from 'bullmq';
import type { z } from 'zod';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Problems } from '../kernel/problems.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { everyLater } from '../system/wait.ts';
import { readable, toDeadLetters, whyNotUnderstood } from './dead-letters.ts';
import { promoteOverdue } from './delayed.ts';

/** Thrown by a handler whose message cannot be handled yet: it comes again after `ms`, and this counts as no failure. */
export class Later extends Error {
  readonly ms: number;

  constructor(ms: number, why: string) {
    super(why);
    this.ms = ms;
  }
}

/** What a handler is told beside the message itself. */
export interface Delivery {
  /** how often the message has been given to a handler, whichever consumer it was; from 1 */
  count: number;
  /** the message as it came, with what its schema leaves out */
  content: unknown;
  /** how often the process that handled it has ended meanwhile, or could do nothing for longer than the lock lasts */
  deaths: number;
}

export interface ConsumerOptions<M> {
  queue: string;
  schema: z.ZodType<M>;
  /** how many messages are handled at once */
  concurrency: number;
  logger: Logger;
  /** where a message that cannot be handled is told */
  problems: Problems;
  handle(message: M, delivery: Delivery): Promise<void>;
  /** what a message that does not fit the schema says all the same; undefined where it is to be set aside */
  understand?(content: unknown): M | undefined;
}

/**
 * A process that dies in a handler loses its lock after at most 5 s, and another consumer of the queue takes the
 * message up within 5 s more; handlers are idempotent, so one that was only slow does no harm.
 */
const lockDuration = 5000;
const stalledInterval = 2500;
/** How long (seconds) one wait for a message lasts; shorter than a connection may be silent, see connect.ts. */
const drainDelay = 10;

/** Milliseconds between looks for messages that wait for a time of day which the clock has gone back from. */
const overdueInterval = 10_000;

/** A Worker that is not held up by a message whose content is not even JSON. */
class Consumer extends Worker {
  protected override createJob(json: JobJson, id: string): Job {
    return super.createJob(readable(json), id);
  }
}

/**
 * Handles the messages of a queue until closed. A message is in one of these states:
 * waiting → handled, and gone when the handler has returned;
 * handled → waiting again, when the handler threw (first after 0.1 s, later every 5 s, for as long as it takes) or said
 * `Later`, or when its process died;
 * handled → set aside in the queue's failed set, when it does not fit the schema and nothing of it is understood: people see it
 * in `volt status` and at /queues, and it is never tried again by itself.
 * @returns `close` resolves when the handlers under way have ended
 */
export function consume<M>(access: RedisAccess, options: ConsumerOptions<M>): { close(): Promise<void> } {
  const { queue, schema, concurrency, logger, problems, handle } = options;
  const worker = new Consumer(
    queue,
    async (job, token) => {
      const parsed = schema.safeParse(job.data);
      let message = parsed.data;
      if (!parsed.success) {
        const why = whyNotUnderstood(parsed.error);
        message = options.understand?.(job.data);
        const what = message === undefined ? 'set aside' : 'understood only a part of';
        logger.error(`${what} a message of "${queue}" that does not fit its form`, { id: job.id, issue: why });
        if (message === undefined) {
          await toDeadLetters(job);
          throw new UnrecoverableError(`not understood: ${why}`);
        }
      }
      const what = `handling message ${job.id} of "${queue}"`;
      try {
        await handle(message as M, {
          count: job.attemptsStarted,
          deaths: job.stalledCounter,
          content: job.data,
        });
        problems.clear(what);
      } catch (error) {
        if (error instanceof Later) {
          problems.clear(what);
          await job.moveToDelayed(Date.now() + error.ms, token);
          throw new DelayedError();
        }
        problems.note(what, error);
        logger.debug(`could not handle a message of "${queue}"`, {
          id: job.id,
          stack: error instanceof Error ? error.stack : undefined,
        });
        throw error instanceof Error ? error : new Error(String(error));
      }
    },
    {
      connection: access.client,
      prefix: access.keys.bull,
      concurrency,
      lockDuration,
      stalledInterval,
      drainDelay,
      maxStalledCount: 1_000_000,
      settings: { backoffStrategy: (made) => Math.min(100 * 2 ** (made - 1), 5000) },
    },
  );
  const taking = `taking messages from "${queue}"`;
  worker.on('error', (error) => {
    // that a server is away is said by the connection; what it answers comes again and again
    if (error.name === 'ReplyError') problems.note(taking, error);
    else logger.debug(`consumer of ${queue}: ${errorText(error)}`);
  });
  for (const event of ['active', 'drained'] as const) worker.on(event, () => problems.clear(taking));
  const overdue = everyLater(
    overdueInterval,
    () => promoteOverdue(access, worker),
    (error) => logger.debug(`looking for overdue messages of ${queue}: ${errorText(error)}`),
  );
  return {
    close: async () => {
      await Promise.all([overdue.stop(), worker.close()]);
    },
  };
}
