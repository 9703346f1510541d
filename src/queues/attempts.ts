import { type AttemptRef, attemptName, parseAttemptName, type RunnerId } from '../kernel/model.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { isNotOurs } from './bullmq-errors.ts';
import { jobQueue } from './names.ts';
import type { Queues } from './queues.ts';

/** A message of `jobs.*` that a runner has taken. */
export interface HeldAttempt extends AttemptRef {
  queue: string;
  /** the runner that took it; undefined if BullMQ's lock is gone, so that no runner holds it */
  runner: RunnerId | undefined;
}

/** The runner that has taken the attempt's message; undefined if no runner has taken it, or if it is gone. */
export async function holderOf(access: RedisAccess, queue: string, ref: AttemptRef): Promise<RunnerId | undefined> {
  return runnerOf(await access.client.get(lockKey(access, queue, attemptName(ref))));
}

/** Every message of every job queue that a runner has taken. */
export async function heldAttempts(access: RedisAccess, queues: Queues): Promise<HeldAttempt[]> {
  const names = (await queues.labelSets()).map(jobQueue);
  if (names.length === 0) return [];
  const { client, keys } = access;
  const held = (await client.eval(listHeld, names.length, ...names.map((name) => `${keys.bull}:${name}`))) as [
    number,
    string,
    string | null,
  ][];
  return held.flatMap(([index, id, token]) => {
    const ref = parseAttemptName(id);
    return ref ? [{ ...ref, queue: names[index - 1] as string, runner: runnerOf(token) }] : [];
  });
}

/** The active messages of queues: number of the queue, id, and token if that is a text. One exchange, since polls are frequent. */
const listHeld = `
local held = {}
for i, queue in ipairs(KEYS) do
  for _, id in ipairs(redis.call('lrange', queue .. ':active', 0, -1)) do
    held[#held + 1] = {i, id, redis.call('mget', queue .. ':' .. id .. ':lock')[1]}
  end
end
return held`;

/** What is known of the message of an attempt. */
export interface AttemptMessage {
  priority: number;
  /** a runner has completed it, so no runner will take it again */
  isDone: boolean;
}

/** The message of each attempt, undefined if there is none. */
export async function attemptMessages(
  access: RedisAccess,
  attempts: readonly (AttemptRef & { labels: string[] })[],
): Promise<(AttemptMessage | undefined)[]> {
  if (attempts.length === 0) return [];
  const pipeline = access.client.pipeline();
  for (const attempt of attempts)
    pipeline.hmget(`${access.keys.bull}:${jobQueue(attempt.labels)}:${attemptName(attempt)}`, 'priority', 'finishedOn');
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    const [priority, finishedOn] = reply as (string | null)[];
    return priority == null ? undefined : { priority: Number(priority), isDone: finishedOn != null };
  });
}

/**
 * Searches all queues for the messages of attempts.
 * @returns the queue of each message, by name of the attempt
 */
export async function queuesOf(
  access: RedisAccess,
  queues: Queues,
  attempts: readonly AttemptRef[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (attempts.length === 0) return found;
  const ids = attempts.map(attemptName);
  for (const name of (await queues.labelSets()).map(jobQueue)) {
    const pipeline = access.client.pipeline();
    for (const id of ids) pipeline.exists(`${access.keys.bull}:${name}:${id}`);
    const replies = (await pipeline.exec()) ?? [];
    ids.forEach((id, index) => {
      if (replies[index]?.[1] === 1) found.set(id, name);
    });
  }
  return found;
}

/**
 * Takes a message that no runner has taken out of its queue.
 * @returns whether it was taken out
 */
export async function withdraw(queues: Queues, queue: string, ref: AttemptRef): Promise<boolean> {
  const id = attemptName(ref);
  const target = queues.queue(queue);
  if (!['waiting', 'prioritized'].includes(await target.getJobState(id))) return false;
  // if a runner takes it in this moment, the removal fails
  return (await target.remove(id)) === 1 && !(await queues.holdsOutcome(ref));
}

/** Whether a runner has completed the message of the attempt. */
export async function isDone(queues: Queues, queue: string, ref: AttemptRef): Promise<boolean> {
  return ['completed', 'failed'].includes(await queues.queue(queue).getJobState(attemptName(ref)));
}

/**
 * Completes the message of an attempt that is over, for the runner that holds it. BullMQ does so in one step with
 * the holder's own token, and only if that holder still has it, so a message is never taken from another one by mistake.
 * The completed message stays: a dispatcher that was frozen or cut off while it sent the attempt may go on sending now, and
 * must find it. A message without a holder is locked here first.
 */
export async function retireAttempt(
  access: RedisAccess,
  queues: Queues,
  queue: string,
  ref: AttemptRef,
): Promise<void> {
  const id = attemptName(ref);
  const target = queues.queue(queue);
  const job = await target.getJob(id);
  if (!job) return;
  const lock = lockKey(access, queue, id);
  const token = await access.client.get(lock);
  if (token === null) {
    const state = await job.getState();
    if (state !== 'active') {
      if (state !== 'completed') await target.remove(id);
      return;
    }
    await access.client.set(lock, retiring, 'PX', retiringTime, 'NX');
  }
  await job.updateData({}).catch(() => undefined);
  await job.moveToCompleted('', token ?? retiring, false).catch((error: unknown) => {
    // the message has moved in this time
    if (!isNotOurs(error)) throw error;
  });
}

/** Token for messages without a holder, and how long (ms) completing one takes at most. */
const retiring = 'taken-back:0';
const retiringTime = 5000;

/** The lock that BullMQ keeps on an active message; its value is the holder's token. */
function lockKey(access: RedisAccess, queue: string, id: string): string {
  return `${access.keys.bull}:${queue}:${id}:lock`;
}

/** Tokens are `<runner>:<count>`, see slots.ts. */
function runnerOf(token: string | null): RunnerId | undefined {
  return token === null ? undefined : (token.slice(0, token.lastIndexOf(':')) as RunnerId);
}
