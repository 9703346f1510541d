import { readFileSync } from 'node:fs';
import { runProgram } from '../system/run-program.ts';
import { programPath } from './programs.ts';

/**
 * Has this process, and those that it starts from now on, leave no core dump when they crash: it would hold tokens and secrets.
 * A job may raise the limit again for its own programs.
 * @returns whether none is left from now on; elsewhere than on Linux, and without prlimit(1), that is as it was before
 */
export async function leaveNoCoreDumps(): Promise<boolean> {
  if (coreSize() === 0) return true;
  // its soft limit alone
  const args = [`--pid=${process.pid}`, '--core=0:'];
  await runProgram(programPath('prlimit'), args).catch(() => undefined);
  return coreSize() === 0;
}

/** Bytes that a core dump of this process may have; undefined where that cannot be told. */
function coreSize(): number | undefined {
  try {
    const limit = /^Max core file size\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === 'unlimited' ? Number.POSITIVE_INFINITY : limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}
