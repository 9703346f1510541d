import { EventEmitter } from 'node:events';
import * as z from 'zod';
import type { Logger } from '../kernel/logger.ts';
import { type BuildId, type JobId, type Reason, type RunnerId, reasons } from '../kernel/model.ts';
import { deliveryKinds } from '../secrets/delivery.ts';
import { parseJson } from '../system/parse-json.ts';
import type { RedisAccess, RedisConnection } from './connect.ts';

const job = z.string().transform((text) => text as JobId);

/** Notices to a runner. A lost one costs only time: orders and chunks are repeated until they take effect. */
export const runnerNoticeSchema = z.discriminatedUnion('kind', [
  /** from the dispatcher: end the attempt's processes, by order of a person or a rule */
  z.object({
    kind: z.literal('cancel'),
    job,
    attempt: z.number(),
    reason: z.enum(Object.keys(reasons) as [Reason, ...Reason[]]).optional(),
    message: z.string(),
  }),
  /** from the dispatcher: the attempt does not count any more, another runner may have the job */
  z.object({ kind: z.literal('lose'), job, attempt: z.number() }),
  /** from the dispatcher: the secret that the attempt has requested, or why it is refused; the runner repeats requests */
  z.object({
    kind: z.literal('sealed'),
    job,
    attempt: z.number(),
    delivery: z.enum(deliveryKinds),
    /** of the request, if it had one */
    request: z.string().optional(),
    answer: z.union([z.object({ box: z.string() }), z.object({ refused: z.string() })]),
  }),
  /**
   * from a reporter: how many bytes of the attempt's log are archived; and, if the chunk names a spool, whether the archive
   * shares the spool's file
   */
  z.object({
    kind: z.literal('archived'),
    job,
    attempt: z.number(),
    bytes: z.number(),
    seesSpool: z.boolean().optional(),
    /** the archive has no more than that, even if it reported more before: the runner sends the rest again */
    isShort: z.boolean().optional(),
  }),
  /**
   * from a reporter: the attempt's outcome is recorded or does not count any more, and this many bytes of its log are archived;
   * without `bytes` the runner can drop the log
   */
  z.object({ kind: z.literal('recorded'), job, attempt: z.number(), bytes: z.number().optional() }),
]);
export type RunnerNotice = z.infer<typeof runnerNoticeSchema>;

export const changeSchema = z.object({
  build: z.string().transform((text) => text as BuildId),
  repo: z.string(),
  status: z.string(),
});
export type Change = z.input<typeof changeSchema>;

export const growthSchema = z.object({ job, attempt: z.number(), bytes: z.number() });
export type Growth = z.input<typeof growthSchema>;

export const newQueueSchema = z.array(z.string());

export async function notifyRunner(access: RedisAccess, runner: RunnerId, notice: RunnerNotice): Promise<void> {
  await access.client.publish(access.keys.toRunner(runner), JSON.stringify(notice));
}

export async function announceChange(access: RedisAccess, change: Change): Promise<void> {
  await access.client.publish(access.keys.changes, JSON.stringify(change));
}

/** For each connection, what emits its messages by their channel: listeners to one channel share a subscription. */
const emitters = new WeakMap<RedisConnection, EventEmitter>();

function emitterOf(connection: RedisConnection): EventEmitter {
  const known = emitters.get(connection);
  if (known) return known;
  const emitter = new EventEmitter().setMaxListeners(0);
  connection.on('message', (channel: string, text: string) => emitter.emit(channel, text));
  emitters.set(connection, emitter);
  return emitter;
}

/**
 * Listens to a channel. Logs and drops messages that do not fit the schema: channels carry hints only, never the only copy of
 * anything.
 * @returns a function that stops listening
 */
export async function listen<T>(
  access: RedisAccess,
  channel: string,
  schema: z.ZodType<T>,
  logger: Logger,
  receive: (message: T) => void,
): Promise<() => Promise<void>> {
  const handler = (text: string) => {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) receive(parsed.data);
    else logger.warn('dropped a notice with an unknown form', { channel, issue: parsed.error.issues[0]?.message });
  };
  const emitter = emitterOf(access.client).on(channel, handler);
  await access.client.subscribe(channel);
  let listening = true;
  return async () => {
    if (!listening) return;
    listening = false;
    emitter.off(channel, handler);
    if (emitter.listenerCount(channel) > 0 || access.client.status !== 'ready') return;
    // it fails if the connection has ended, which also ends the subscription
    await access.client.unsubscribe(channel).catch(() => undefined);
  };
}
