import type { RunnerId } from '../kernel/model.ts';
import { pause } from '../system/wait.ts';
import type { RedisAccess } from './connect.ts';
import { listRunners } from './membership.ts';

/** Milliseconds between polls for heartbeats. */
const pollInterval = 100;

export interface ReportsOptions {
  /** milliseconds to go on waiting; with 0 it ends */
  left(): number | Promise<number>;
  /**
   * whether so many heartbeats of each runner are enough
   * @param seen number of different heartbeats of a runner that were seen so far
   * @param alive the runners that are registered now
   */
  enough(seen: (id: RunnerId) => number, alive: readonly RunnerId[]): boolean;
}

/**
 * Waits until the runners have reported what they run, after a change of Redis that may have lost it. A runner has reported
 * everything with its second heartbeat: the first may have been sent before the runner took its last message.
 */
export async function untilRunnersReport(access: RedisAccess, { left, enough }: ReportsOptions): Promise<void> {
  const heartbeats = new Map<RunnerId, Set<string>>();
  for (;;) {
    const remaining = await left();
    if (remaining <= 0) return;
    const { alive } = await listRunners(access);
    for (const { id, heartbeatAt } of alive) heartbeats.set(id, (heartbeats.get(id) ?? new Set()).add(heartbeatAt));
    const seen = (id: RunnerId) => heartbeats.get(id)?.size ?? 0;
    if (
      enough(
        seen,
        alive.map(({ id }) => id),
      )
    )
      return;
    await pause(Math.min(remaining, pollInterval));
  }
}
