import { DelayedError, type Job, type JobJson, UnrecoverableError, Worker } from 'bullmq';
import type * as z from 'zod';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Problems } from '../kernel/problems.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { everyLater } from '../system/wait.ts';
import { readable, toDeadLetters, whyNotUnderstood } from './dead-letters.ts';
import { promoteOverdue } from './overdue-messages.ts';

/** Thrown by a handler if a message cannot be handled yet: it is delivered again after `ms`. This is no failure. */
export class Later extends Error {
  readonly ms: number;

  constructor(ms: number, why: string) {
    super(why);
    this.ms = ms;
  }
}

/** What a handler gets beside the message itself. */
export interface Delivery {
  /** how often the message has been delivered, by any consumer; from 1 */
  count: number;
  /** the received message, including fields that its schema leaves out */
  content: unknown;
  /** how often the process died while it handled the message, or was frozen for longer than the lock lasts */
  deaths: number;
}

export interface ConsumerOptions<M> {
  queue: string;
  schema: z.ZodType<M>;
  /** how many messages are handled at once */
  concurrency: number;
  logger: Logger;
  /** where failures of the handler are reported */
  problems: Problems;
  handle(message: M, delivery: Delivery): Promise<void>;
  /** what can be understood of a message that does not fit the schema; undefined makes it a dead letter */
  understand?(content: unknown): M | undefined;
}

/**
 * A process that dies in a handler loses its lock after at most 5 s, and another consumer of the queue takes the message
 * within 5 s more. Handlers are idempotent, so a process that was only slow does no harm.
 */
const lockDuration = 5000;
const stalledInterval = 2500;
/** How long (seconds) a wait for a message lasts; shorter than a connection may be silent, see connect.ts. */
const drainDelay = 10;

/** Milliseconds between checks for delayed messages that wait too long because a clock was set back. */
const overdueInterval = 10_000;

/** A Worker that accepts messages whose content is not JSON. */
class Consumer extends Worker {
  protected override createJob(json: JobJson, id: string): Job {
    return super.createJob(readable(json), id);
  }
}

/**
 * Handles the messages of a queue until closed. A message is in one of these states:
 * waiting → handled, and removed when the handler returns;
 * handled → waiting again, if the handler throws (first after 0.1 s, later every 5 s, without end) or throws `Later`, or if
 * its process dies;
 * handled → dead letter in the queue's failed set, if it does not fit the schema and nothing of it is understood: it is shown
 * in `volt status` and at /queues, and never tried again by itself.
 * @returns `close` resolves when the running handlers have ended
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
        const what = message === undefined ? 'moved to the dead letters' : 'understood only in part';
        logger.error(`a message of "${queue}" does not fit its schema: ${what}`, { id: job.id, issue: why });
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
    // the connection reports that a server is away; an error reply repeats
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
