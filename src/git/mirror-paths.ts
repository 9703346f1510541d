import { renameSync } from 'node:fs';
import { systemCode } from '../kernel/errors.ts';
import { removeTree } from '../system/remove-tree.ts';

/** Where a mirror is made before it comes to its place, and where it goes to be removed. */
export function temporaryPaths(mirror: string): { draft: string; removed: string } {
  return { draft: `${mirror}.draft`, removed: `${mirror}.removed` };
}

/**
 * Takes a mirror out of its place in one step, so that nobody finds half of one. As all of this, only for whoever has the
 * mirror's lock, which clears up what an earlier holder has left aside.
 * @returns whether it was there
 */
export function moveAway(mirror: string): boolean {
  try {
    renameSync(mirror, temporaryPaths(mirror).removed);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

export function putBack(mirror: string): void {
  renameSync(temporaryPaths(mirror).removed, mirror);
}

/** By way of open folders: names of refs may make paths in it that are too long to be given as a whole. */
export async function removeMoved(mirror: string): Promise<void> {
  await removeTree(temporaryPaths(mirror).removed);
}

/** Removes a mirror. */
export async function discard(mirror: string): Promise<void> {
  if (moveAway(mirror)) await removeMoved(mirror);
}
