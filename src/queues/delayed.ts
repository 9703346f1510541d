import { Job, type Worker } from 'bullmq';
import type { RedisAccess } from '../redis/connect.ts';

/** How much longer (ms) than it was to, a message may wait: clocks of machines differ a little. */
const slack = 1000;
/** How many are looked at in one go, those that are to wait longest first. */
const batch = 100;

/** BullMQ keeps the time at which a message is due above a count of 12 bits. */
const timeUnit = 2 ** 12;

/**
 * Lets those messages of a queue go on that would wait longer than they were told to: BullMQ keeps the time of day at which
 * they are due, and the clock has been set back since, or was ahead on the machine that put them there.
 */
export async function promoteOverdue({ client, keys }: RedisAccess, worker: Worker): Promise<void> {
  const queue = `${keys.bull}:${worker.name}`;
  const soonest = (Date.now() + slack) * timeUnit;
  const found = await client.zrevrangebyscore(`${queue}:delayed`, '+inf', soonest, 'WITHSCORES', 'LIMIT', 0, batch);
  for (let index = 0; index < found.length; index += 2) {
    const [id = '', score] = found.slice(index, index + 2);
    const wait = Math.floor(Number(score) / timeUnit) - Date.now();
    const told = Number((await client.hget(`${queue}:${id}`, 'delay')) ?? wait);
    if (wait <= told + slack) continue;
    // one that somebody else has let go on meanwhile is not there any more
    await (await Job.fromId(worker, id))?.promote().catch(() => undefined);
  }
}
