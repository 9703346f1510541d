import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { pause } from '../system/wait.ts';

/** The process that is a Redis server in a data directory, whoever has started it. */

/** Seconds that the server may take to end. */
export const shutdownTimeout = 10;
/** How long (ms) a server of a former Volt may take to end by itself. */
const formerPatience = 2000;

/**
 * A server of a former Volt that was killed is about to end by itself; two on one directory would spoil the data. One
 * that does not end, since what should have ended it was killed too, is asked to: the directory is ours.
 */
export async function waitForFormer(dir: string): Promise<void> {
  const begun = Date.now();
  let asked = false;
  for (let pid = serverIn(dir); pid !== undefined; pid = serverIn(dir)) {
    const waited = Date.now() - begun;
    if (!asked && waited > formerPatience) {
      terminate(pid);
      asked = true;
    }
    if (waited > 2 * formerPatience + shutdownTimeout * 1000) {
      throw new VoltError('redis_failed', `a Redis server of an earlier start still runs in ${dir}`, {
        remedy: `End the process whose number is in ${join(dir, 'redis.pid')}, then start again.`,
      });
    }
    await pause(20);
  }
}

/** Number of the process that is a server in this directory. */
function serverIn(dir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dir, 'redis.pid'), 'utf8'));
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    // the number may belong to a server of somebody else by now
    const ours = /(redis|valkey)-server/.test(command) && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dir);
    return ours ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Waits as long as a server lives whose supervisor has been killed.
 * @returns whether there was one
 */
export async function outlivesSupervisor(dir: string, logger: Logger, stopping: () => boolean): Promise<boolean> {
  if (stopping() || !serverIn(dir)) return false;
  logger.warn('the process that keeps the embedded Redis has been killed; the server itself goes on');
  while (!stopping() && serverIn(dir)) await pause(200);
  return true;
}

/** Ends the server where nothing else does so any more, and waits until it has written everything. */
export async function endUnkept(dir: string): Promise<void> {
  const until = Date.now() + shutdownTimeout * 1000 + 5000;
  let asked = false;
  while (Date.now() < until) {
    const pid = serverIn(dir);
    if (pid === undefined) return;
    if (!asked) terminate(pid);
    asked = true;
    await pause(20);
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // it has ended in this moment
  }
}
