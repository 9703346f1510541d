import type { RedisConnection } from './connection.ts';
import type { ProcessIdentity } from './membership.ts';
import { ageOf, identify } from './process.ts';

/**
 * How far (s) the age of a process and what the server says of its own may be apart: the server counts whole seconds, by a
 * clock that it reads some times a second, from a moment after its start.
 */
const tolerance = 3;

/**
 * The process of this machine that the server at the other end is, as far as can be seen: one with the number that the
 * server tells, which is as old as the server. There is none where the server is on another machine or in a container, where
 * processes are hidden, and where somebody has set the clock since it began: then nothing is known, which is the safe side.
 * @throws what ioredis throws where the server cannot be asked
 */
export async function processOf(connection: RedisConnection): Promise<ProcessIdentity | undefined> {
  const info = await connection.info('server');
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)\\r?$`, 'm').exec(info)?.[1] ?? Number.NaN);
  const [pid, uptime] = [field('process_id'), field('uptime_in_seconds')];
  const age = ageOf(pid);
  return age !== undefined && Math.abs(age - uptime) <= tolerance ? identify(pid) : undefined;
}
