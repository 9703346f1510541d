/** A folder in memory for the files of tests. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gigabytes that must be available, and that the files may fill. Those of a whole run were seen to take less than 3. */
const LEAST_AVAILABLE = 12;
const MOST_FILLED = 8;

/**
 * Does work with a folder in memory, where root can mount one. Tests make and remove hundreds of thousands of small files, which on a
 * disk takes a tenth of their processor time.
 *
 * @template T
 * @param {(folder: string | undefined) => Promise<T>} work undefined where there is none
 * @returns {Promise<T>}
 */
export async function inMemory(work) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || availableGigabytes() < LEAST_AVAILABLE)
    return work(undefined);
  // short: the path of a socket has at most 107 bytes
  const folder = mkdtempSync(join(tmpdir(), 'v-'));
  try {
    // other users run jobs there, too
    const options = `size=${MOST_FILLED}g,mode=1777`;
    const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0;
    try {
      return await work(isMounted ? folder : undefined);
    } finally {
      // processes of a test that failed may still be there
      if (isMounted) spawnSync('umount', ['--lazy', folder]);
    }
  } finally {
    rmdirSync(folder);
  }
}

function availableGigabytes() {
  const [, kilobytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
  return Number(kilobytes ?? 0) / 1_048_576;
}
