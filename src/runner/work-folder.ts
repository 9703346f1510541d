import { existsSync, utimesSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asVoltError, errorText, VoltError } from '../kernel/errors.ts';
import { LockFailed, lockFile } from '../system/lock.ts';
import { removeContested } from '../system/remove-tree.ts';

/** A runner's own folder on the disk. No two live runners share one, on whatever machines or in whatever containers. */
export interface WorkFolder {
  name: string;
  path: string;
  release(): void;
}

/**
 * Takes the folder of the runner's name. Without a name, it takes the first free one of `<host>`, `<host>-2`, …, so
 * that a restarted runner finds what it has not reported yet.
 * @throws VoltError `name_taken` if a live runner has that name here, `data_unwritable`
 */
export async function takeWorkFolder(work: string, host: string, wanted: string | undefined): Promise<WorkFolder> {
  const folder = wanted === undefined ? await firstFree(work, host) : await takeIfFree(work, wanted);
  if (!folder) {
    throw new VoltError('name_taken', `a runner named "${wanted}" already uses this data directory`, {
      remedy: 'Choose another --name, or another data directory.',
    });
  }
  const { name, path, release } = folder;
  try {
    // folders of jobs of a killed process, whose programs may still end at this moment
    await removeContested(join(path, 'jobs'));
    touch(path);
  } catch (error) {
    release();
    throw unwritable(path, error);
  }
  return {
    name,
    path,
    release: () => {
      touch(path);
      release();
    },
  };
}

async function firstFree(work: string, host: string): Promise<WorkFolder> {
  for (let count = 1; ; count++) {
    const folder = await takeIfFree(work, count === 1 ? host : `${host}-${count}`);
    if (folder) return folder;
  }
}

/**
 * Takes the folder of that name as it is; undefined if a live runner has it.
 * @throws VoltError `data_unwritable`
 */
export async function takeIfFree(work: string, name: string): Promise<WorkFolder | undefined> {
  const path = join(work, name);
  try {
    await mkdir(path, { recursive: true });
    const taken = await lockFile(join(path, 'lock'));
    return taken && { name, path, release: taken.release };
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Whether a live runner has the folder. */
export async function isOwned(path: string): Promise<boolean> {
  const lock = join(path, 'lock');
  if (!existsSync(lock)) return false;
  const taken = await lockFile(lock);
  taken?.release();
  return taken === undefined;
}

/** The folder's own time says when a runner last used it, see prune.ts. */
function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // read-only: the runner reports that itself
  }
}

function unwritable(path: string, error: unknown): VoltError {
  if (error instanceof VoltError || error instanceof LockFailed) return asVoltError(error);
  return new VoltError('data_unwritable', `cannot work in ${path}: ${errorText(error)}`, {
    remedy: 'Free some space or give this user the right to write there, or choose another data directory by --data.',
    cause: error,
  });
}
