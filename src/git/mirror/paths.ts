import { renameSync } from 'node:fs';
import { systemCode } from '../../kernel/errors.ts';
import { removeTree } from '../../system/remove-tree.ts';

/** The path where a mirror is made before it is moved to its own, and the path to which it is moved to be removed. */
export function temporaryPaths(mirror: string): { draft: string; removed: string } {
  return { draft: `${mirror}.draft`, removed: `${mirror}.removed` };
}

/**
 * Moves a mirror away in one step, so that nobody finds half of one. Like all functions here, it needs the mirror's lock.
 * @returns whether the mirror existed
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

/** Uses open folders: names of refs may make paths that are too long for the system. */
export async function removeMoved(mirror: string): Promise<void> {
  await removeTree(temporaryPaths(mirror).removed);
}

export async function discard(mirror: string): Promise<void> {
  if (moveAway(mirror)) await removeMoved(mirror);
}
