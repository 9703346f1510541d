import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds that work may hold the event loop before it lets others have it; a bound of 50 is promised. */
const longestTurn = 10;

let begun: number | undefined;

/**
 * To be awaited between the parts of long work, as the rows of a large plan: lets timers, sockets and other requests have
 * the event loop where this turn of it has lasted long. Promises alone never do, however many are awaited in a row.
 */
export async function yieldToOthers(): Promise<void> {
  const now = performance.now();
  if (begun === undefined) {
    begun = now;
    setImmediate(() => {
      begun = undefined;
    });
  } else if (now - begun > longestTurn) await nextTurn();
}
