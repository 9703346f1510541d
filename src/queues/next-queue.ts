import type { RedisAccess } from '../redis/connect.ts';

/** BullMQ keeps a priority in the upper bits of a score, above a count of 32 bits that keeps the order of sending. */
const priorityUnit = 2 ** 32;

/**
 * Those of the queues that have a message waiting, the one whose next message has the lowest priority number first;
 * priorities mean the same in all queues of jobs. Equal ones stay in the order given.
 */
export async function queuesByNextMessage(access: RedisAccess, queues: readonly string[]): Promise<string[]> {
  const pipeline = access.client.pipeline();
  for (const queue of queues) {
    const keys = `${access.keys.bull}:${queue}`;
    // what a person has sent back by hand waits there, without a priority and before all others
    pipeline.llen(`${keys}:wait`);
    pipeline.zrange(`${keys}:prioritized`, '0', '0', 'WITHSCORES');
  }
  const replies = ((await pipeline.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
  const next = queues.map((queue, index) => {
    const [, score] = replies[2 * index + 1] as [string, string] | [];
    const waits = Number(replies[2 * index]) > 0;
    return { queue, priority: waits ? 0 : score && Math.floor(Number(score) / priorityUnit) };
  });
  return next
    .filter((entry): entry is { queue: string; priority: number } => entry.priority !== undefined)
    .sort((a, b) => a.priority - b.priority)
    .map(({ queue }) => queue);
}
