import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../system/remove-tree.ts';
import { temporaryPaths } from './paths.ts';

/** Where an older Volt fetched to; and what its git held for a lock. */
const ofOlderVolts = ['volt-incoming', 'volt-shallow', 'volt-writing'];

/**
 * Removes what an update that failed or was killed leaves in a mirror and beside it: git's own lock files, packs that have
 * come in part, and a mirror that was being made or removed. Only for the holder of the mirror's lock.
 */
export async function removeLeftovers(mirror: string): Promise<void> {
  for (const path of await leftoversOf(mirror)) await removeTree(path);
}

async function leftoversOf(mirror: string): Promise<string[]> {
  const [top, refs, packs] = await Promise.all([
    filesIn(mirror, false),
    filesIn(join(mirror, 'refs'), true),
    filesIn(join(mirror, 'objects', 'pack'), false),
  ]);
  const locks = [...top, ...refs, ...packs].filter((path) => path.endsWith('.lock'));
  return [
    ...locks,
    ...packs.filter((path) => /\/\.?tmp[_-][^/]+$/.test(path)),
    ...ofOlderVolts.map((name) => join(mirror, name)),
    ...Object.values(temporaryPaths(mirror)),
  ];
}

async function filesIn(folder: string, recursive: boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
