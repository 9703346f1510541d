import { readText } from '../system/read-text.ts';
import { runProgram } from '../system/run-program.ts';
import { programPath } from './programs.ts';

/**
 * Turns off core dumps of this process and of those that it starts from now on: they would contain tokens and secrets. A job
 * can raise the limit again for its own programs.
 * @returns whether core dumps are off; without Linux and prlimit(1) nothing changes
 */
export async function leaveNoCoreDumps(): Promise<boolean> {
  if (coreSize() === 0) return true;
  // only the soft limit
  const args = [`--pid=${process.pid}`, '--core=0:'];
  await runProgram(programPath('prlimit'), args).catch(() => undefined);
  return coreSize() === 0;
}

/** The limit for a core dump of this process in bytes; undefined where it is unknown. */
function coreSize(): number | undefined {
  const limit = /^Max core file size\s+(\S+)/m.exec(readText('/proc/self/limits') ?? '')?.[1];
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : limit === undefined ? undefined : Number(limit);
}
