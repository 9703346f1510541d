import { Job, type Worker } from 'bullmq';
import type { RedisAccess } from '../redis/connect.ts';

/** How much longer (ms) than its delay a message may wait: clocks of machines differ a little. */
const slack = 1000;
/** How many messages one call checks, those that wait longest first. */
const batch = 100;

/** BullMQ keeps the time at which a message is due above a count of 12 bits. */
const timeUnit = 2 ** 12;

/**
 * Releases delayed messages of a queue that would wait longer than their delay: BullMQ stores the time at which they are due,
 * and the clock was set back since, or was ahead on the machine that sent them.
 */
export async function promoteOverdue({ client, keys }: RedisAccess, worker: Worker): Promise<void> {
  const queue = `${keys.bull}:${worker.name}`;
  const soonest = (Date.now() + slack) * timeUnit;
  const found = await client.zrevrangebyscore(`${queue}:delayed`, '+inf', soonest, 'WITHSCORES', 'LIMIT', 0, batch);
  for (let index = 0; index < found.length; index += 2) {
    const [id = '', score] = found.slice(index, index + 2);
    const wait = Math.floor(Number(score) / timeUnit) - Date.now();
    const delay = Number((await client.hget(`${queue}:${id}`, 'delay')) ?? wait);
    if (wait <= delay + slack) continue;
    // another consumer may have released it in this time
    await (await Job.fromId(worker, id))?.promote().catch(() => undefined);
  }
}
