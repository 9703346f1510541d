import { every, within } from '../system/wait.ts';
import type { RedisAccess } from './connect.ts';

/** Milliseconds between checks that the server answers. */
const interval = 250;
/** Milliseconds without an answer after which the connection is closed. */
const timeout = 2000;

/**
 * Bounds the time of a shutdown. Commands wait during an outage of the server, and so would the shutdown; so the connection is
 * closed when the server does not answer, and they fail. That leaves what a killed process leaves: the next process handles it.
 * @param work what still uses the server, such as handlers that are finishing
 * @param givingUp called before the connection is closed
 */
export async function withBoundedShutdown(
  access: RedisAccess,
  work: () => Promise<void>,
  givingUp: () => void = () => undefined,
): Promise<void> {
  let closed = false;
  const watching = every(
    interval,
    async () => {
      if (closed || (await within(access.client.ping(), timeout)) !== undefined) return;
      closed = true;
      givingUp();
      await access.close();
    },
    // the connection is already closed
    () => undefined,
  );
  try {
    await work();
  } finally {
    await watching.stop();
  }
}
