import { lstat, readdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from './config.ts';
import { systemCode } from './errors.ts';

/** The disk that a folder is on, in bytes. */
export interface Disk {
  /** what this user may still take */
  free: number;
  total: number;
}

/** Looks at the disk that the folder is on, or will be on once it is made; undefined where that cannot be told. */
export async function diskOf(folder: string): Promise<Disk | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch (error) {
    const parent = dirname(folder);
    return systemCode(error) === 'ENOENT' && parent !== folder ? diskOf(parent) : undefined;
  }
}

/**
 * Whether the disk has less room than VOLT_DISK_FLOOR asks for. A stage that sees it says so, and a runner takes no more
 * jobs: what is written next may not fit.
 */
export function isLow(disk: Disk, config: Pick<Config, 'diskFloor'>): boolean {
  return shortfall(disk, config) > 0;
}

/** Bytes that would have to be freed for the disk to have as much room as is asked for. */
export function shortfall({ free, total }: Disk, { diskFloor }: Pick<Config, 'diskFloor'>): number {
  // a disk that is small, or made of memory, is not full only because it is small
  return Math.max(Math.min(diskFloor * 1_048_576, Math.floor(total / 10)) - free, 0);
}

/**
 * Bytes that the files below a folder take on the disk, as far as they can be read; links are not followed. Only for folders
 * that nobody but Volt changes: it goes by paths, and saves the process that `bytesOnDisk` takes.
 * @param mostNames files with more names than that are left out: to remove one of these frees nothing
 */
export async function folderBytes(folder: string, mostNames = Number.POSITIVE_INFINITY): Promise<number> {
  let total = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) total += await folderBytes(path, mostNames);
    // blocks of 512 bytes, see stat(2); a sparse file takes less than its length
    else
      total += await lstat(path).then(
        ({ blocks, nlink }) => (nlink > mostNames ? 0 : blocks * 512),
        () => 0,
      );
  }
  return total;
}
