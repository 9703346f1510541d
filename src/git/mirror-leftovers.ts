import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asideOf } from './fetch-aside.ts';
import { temporaryPaths } from './mirror-paths.ts';

/**
 * What an update leaves that is not brought to its end: locks of git's own, packs that it had not finished, and what has
 * not come into the mirror or not gone from its place. Nobody has a use for them.
 */
export async function leftoversOf(mirror: string): Promise<string[]> {
  const [top, refs, packs] = await Promise.all([
    filesIn(mirror, false),
    filesIn(join(mirror, 'refs'), true),
    filesIn(join(mirror, 'objects', 'pack'), false),
  ]);
  const locks = [...top, ...refs, ...packs].filter((path) => path.endsWith('.lock'));
  return [
    ...locks,
    ...packs.filter((path) => /\/\.?tmp[_-][^/]+$/.test(path)),
    asideOf(mirror),
    ...Object.values(temporaryPaths(mirror)),
  ];
}

async function filesIn(folder: string, recursive: boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
