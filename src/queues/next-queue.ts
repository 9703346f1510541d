import type { RedisAccess } from '../redis/connect.ts';

/**
 * The queues that have a message waiting, in the order in which a runner tries them: it takes turns among its queues, and
 * begins behind the queue that its last message came from.
 * @param behind queues that are tried after all others
 */
export async function queuesInTurn(
  access: RedisAccess,
  queues: readonly string[],
  last: string | undefined,
  behind: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const next = last === undefined ? 0 : queues.indexOf(last) + 1;
  const all = [...queues.slice(next), ...queues.slice(0, next)];
  const inTurn = [...all.filter((queue) => !behind.has(queue)), ...all.filter((queue) => behind.has(queue))];
  // one queue is tried in the same exchange that looks for a message
  if (inTurn.length <= 1) return inTurn;
  const pipeline = access.client.pipeline();
  for (const queue of inTurn) {
    const key = `${access.keys.bull}:${queue}`;
    // a message that a person has sent back by hand is in `wait`, without a priority
    pipeline.exists(`${key}:wait`, `${key}:prioritized`);
  }
  const replies = (await pipeline.exec()) ?? [];
  return inTurn.filter((_, index) => {
    const [error, count] = replies[index] ?? [];
    if (error) throw error;
    return Number(count) > 0;
  });
}
