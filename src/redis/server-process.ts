import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { sendSignal } from '../system/processes.ts';
import { pause } from '../system/wait.ts';

/** Seconds that a Redis server in a data directory may take to end. */
export const shutdownTimeout = 10;
/** Milliseconds that the server of an earlier Volt may take to end by itself. */
const earlierServerTimeout = 2000;

/**
 * Waits for the server of an earlier Volt that was killed: it is about to end, and two servers in one directory would damage the
 * data. Ends the server itself when its supervisor was killed, too.
 */
export async function waitForEarlierServer(dir: string): Promise<void> {
  const startedAt = Date.now();
  let asked = false;
  for (let pid = serverIn(dir); pid !== undefined; pid = serverIn(dir)) {
    const waited = Date.now() - startedAt;
    if (!asked && waited > earlierServerTimeout) {
      sendSignal(pid, 'SIGTERM');
      asked = true;
    }
    if (waited > 2 * earlierServerTimeout + shutdownTimeout * 1000) {
      throw new VoltError('redis_failed', `a Redis server of an earlier start still runs in ${dir}`, {
        remedy: `End the process with the id in ${join(dir, 'redis.pid')}, then start again.`,
      });
    }
    await pause(20);
  }
}

/** Process id of the server in this directory. A server that ends removes the file with its id a moment before. */
export function serverIn(dir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dir, 'redis.pid'), 'utf8'));
    return isServer(pid, dir) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process is a server in this directory: another one may have the id by now. */
function isServer(pid: number, dir: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return /(redis|valkey)-server/.test(command) && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dir);
  } catch {
    return false;
  }
}

/**
 * Waits until a server without a supervisor ends.
 * @returns whether there was one
 */
export async function outlivesSupervisor(dir: string, logger: Logger, stopping: () => boolean): Promise<boolean> {
  if (stopping() || !serverIn(dir)) return false;
  logger.warn('the supervisor of the embedded Redis was killed; the server itself runs on');
  while (!stopping() && serverIn(dir)) await pause(200);
  return true;
}

/** Ends a server that has lost its supervisor, and waits until it has written its data and ended. */
export async function endUnsupervised(pid: number, dir: string): Promise<void> {
  const until = Date.now() + shutdownTimeout * 1000 + 5000;
  if (isServer(pid, dir)) sendSignal(pid, 'SIGTERM');
  while (isServer(pid, dir) && Date.now() < until) await pause(20);
}
