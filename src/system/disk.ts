import { lstat, readdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from './error-text.ts';

/** The file system that a folder is on, in bytes. */
export interface Disk {
  /** what this user may still use */
  free: number;
  total: number;
}

/** Measures the disk that the folder is on, or will be on once it exists; undefined where statfs(2) fails. */
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
 * Whether less is free than VOLT_DISK_FLOOR asks for. A stage then reports it, and a runner takes no more jobs: the next
 * write may not fit.
 * @param config.diskFloor megabytes
 */
export function isLow(disk: Disk, config: { diskFloor: number }): boolean {
  return shortfall(disk, config) > 0;
}

/** Bytes to free until as much is free as VOLT_DISK_FLOOR asks for. */
export function shortfall({ free, total }: Disk, { diskFloor }: { diskFloor: number }): number {
  // a small disk, or one in memory, does not count as full only because it is small
  return Math.max(Math.min(diskFloor * 1_048_576, Math.floor(total / 10)) - free, 0);
}

/**
 * Bytes that the files below a folder take on the disk, as far as they can be read; links are not followed. Only for folders
 * that nobody but Volt changes: it goes by paths, and saves the process that `bytesOnDisk` takes.
 * @param mostNames files with more names than that are left out: removing one of their names frees nothing
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
