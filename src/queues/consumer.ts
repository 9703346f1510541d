import { DelayedError, UnrecoverableError, Worker } from 'bullmq';
import type { z } from 'zod';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RedisAccess } from '../redis/connect.ts';

/** Thrown by a handler whose message cannot be handled yet: it comes again after `ms`, and this counts as no failure. */
export class Later extends Error {
  readonly ms: number;

  constructor(ms: number, why: string) {
    super(why);
    this.ms = ms;
  }
}

export interface ConsumerOptions<M> {
  queue: string;
  schema: z.ZodType<M>;
  /** how many messages are handled at once */
  concurrency: number;
  logger: Logger;
  handle(message: M): Promise<void>;
}

/**
 * A process that dies in a handler loses its lock after at most 5 s, and another consumer of the queue takes the
 * message up within 5 s more; handlers are idempotent, so one that was only slow does no harm.
 */
const lockDuration = 5000;
const stalledInterval = 2500;

/**
 * Handles the messages of a queue until closed. What does not fit the schema is set aside in the queue's failed set;
 * what the handler throws is logged and the message comes again, first after 0.1 s, later every 5 s.
 * @returns `close` resolves when the handlers under way have ended
 */
export function consume<M>(access: RedisAccess, options: ConsumerOptions<M>): { close(): Promise<void> } {
  const { queue, schema, concurrency, logger, handle } = options;
  const worker = new Worker(
    queue,
    async (job, token) => {
      const parsed = schema.safeParse(job.data);
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        logger.error(`set aside a message of "${queue}" that cannot be understood`, {
          id: job.id,
          issue: `${issue?.path.join('.')}: ${issue?.message}`,
        });
        throw new UnrecoverableError(`not understood: ${issue?.path.join('.')}: ${issue?.message}`);
      }
      try {
        await handle(parsed.data);
      } catch (error) {
        if (error instanceof Later) {
          await job.moveToDelayed(Date.now() + error.ms, token);
          throw new DelayedError();
        }
        logger.error(`could not handle a message of "${queue}"; it will be tried again`, {
          id: job.id,
          error: errorText(error),
          ...(error instanceof Error ? { stack: error.stack } : {}),
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
      maxStalledCount: 1_000_000,
      settings: { backoffStrategy: (made) => Math.min(100 * 2 ** (made - 1), 5000) },
    },
  );
  worker.on('error', (error) => logger.debug(`consumer of ${queue}: ${errorText(error)}`));
  return { close: () => worker.close() };
}
