import { setImmediate as nextIteration } from 'node:timers/promises';

/** Milliseconds after which long work yields the event loop; the promised bound is 50. */
const longestSlice = 10;

let startedAt: number | undefined;

/**
 * Await this between the parts of long work, such as the rows of a large plan: it lets timers, sockets and other requests run when
 * the present iteration of the event loop has lasted long. Awaiting other promises does not.
 */
export async function yieldToOthers(): Promise<void> {
  const now = performance.now();
  if (startedAt === undefined) {
    startedAt = now;
    setImmediate(() => {
      startedAt = undefined;
    });
  } else if (now - startedAt > longestSlice) await nextIteration();
}
