import { copyFile, mkdir, mkdtemp, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../system/remove-tree.ts';
import { BareRepository } from './bare-repository.ts';

const prefix = 'volt-apart-';
/** A folder that is older than this (ms) was left by a process that was killed: git ends after three hours. */
const longest = 86_400_000;

/**
 * Fetches into a repository of its own that borrows the objects of a mirror, and moves what has come into the mirror. So a fetch
 * needs no lock of the mirror, and one that fails leaves nothing there. No ref leads to what has come.
 * @param mirror one with its whole history
 * @param fetch into the given repository
 */
export async function fetchApart(
  mirror: BareRepository,
  fetch: (apart: BareRepository) => Promise<void>,
): Promise<void> {
  await removeOld(mirror.path);
  const apart = await mkdtemp(join(mirror.path, prefix));
  try {
    for (const folder of ['objects/info', 'refs']) await mkdir(join(apart, folder), { recursive: true });
    for (const file of ['HEAD', 'config']) await copyFile(join(mirror.path, file), join(apart, file));
    await writeFile(join(apart, 'objects', 'info', 'alternates'), `${join(mirror.path, 'objects')}\n`);
    await fetch(new BareRepository(apart));
    await moveObjects(join(apart, 'objects'), join(mirror.path, 'objects'));
  } finally {
    await removeTree(apart);
  }
}

/** Moves packs and loose objects. git reads a pack once its index is there. */
async function moveObjects(from: string, to: string): Promise<void> {
  for (const folder of await readdir(from)) {
    if (folder === 'info') continue;
    const files = (await readdir(join(from, folder))).filter((name) => !name.startsWith('tmp_'));
    const isIndex = (name: string) => Number(name.endsWith('.idx'));
    if (files.length > 0) await mkdir(join(to, folder), { recursive: true });
    for (const file of files.sort((a, b) => isIndex(a) - isIndex(b)))
      await rename(join(from, folder, file), join(to, folder, file));
  }
}

async function removeOld(mirror: string): Promise<void> {
  for (const name of (await readdir(mirror)).filter((each) => each.startsWith(prefix))) {
    const path = join(mirror, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > longest) await removeTree(path);
  }
}
