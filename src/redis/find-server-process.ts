import type { RedisConnection } from './connection.ts';
import type { ProcessIdentity } from './membership.ts';
import { ageOf, identify } from './process-identity.ts';

/**
 * Seconds by which the age of a process and the server's own uptime may differ: the server counts whole seconds, from a moment
 * after its start.
 */
const tolerance = 3;

/**
 * Finds the process of a server on this machine: the process with the id that the server reports, if it is as old as the server.
 * @returns undefined for a server on another machine or in a container, where processes are hidden, and after a change of the
 * machine's clock
 * @throws what ioredis throws where the server cannot be asked
 */
export async function processOf(connection: RedisConnection): Promise<ProcessIdentity | undefined> {
  const info = await connection.info('server');
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)\\r?$`, 'm').exec(info)?.[1] ?? Number.NaN);
  const [pid, uptime] = [field('process_id'), field('uptime_in_seconds')];
  const age = ageOf(pid);
  return age !== undefined && Math.abs(age - uptime) <= tolerance ? identify(pid) : undefined;
}
