import { every, within } from '../system/wait.ts';
import type { RedisAccess } from './connect.ts';

/** Milliseconds between questions whether the server is there. */
const interval = 250;
/** A server that has not answered after this long (ms) is not waited for. */
const patience = 2000;

/**
 * Does what ends a process, in bounded time: while the server is away every command waits for it, which would hold up
 * the end for as long. So the connection is closed when nothing answers, and what waits fails. Whatever is left undone by
 * that is what a killed process leaves, which the next one takes up.
 * @param work what still asks the server, such as handlers that come to their end
 * @param givingUp is called before the connection is closed
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
      if (closed || (await within(access.client.ping(), patience)) !== undefined) return;
      closed = true;
      givingUp();
      await access.close();
    },
    // the connection is closed already
    () => undefined,
  );
  try {
    await work();
  } finally {
    await watching.stop();
  }
}
