import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { folderBytes } from '../../system/disk.ts';
import { modifiedAt } from '../../system/modified-at.ts';
import { removeDrafts, removeStored, type Stored, storedAt, storedIn } from './stored-folder.ts';

/** What is known of a cache, which has a key, and of a kept install, whose `what` says what it is. */
const schema = z.object({ key: z.string().optional(), what: z.string().optional(), bytes: z.number() });
type AnyStored = Stored<z.infer<typeof schema>>;

/** A cache or install that was removed, or would be in a dry run. */
export interface Removed {
  /** for people */
  what: string;
  bytes: number;
}

/**
 * Removes the caches or installs of repositories that are gone.
 * @param all folder with a folder for each repository
 * @param isKnown whether there is a repository with that key
 */
export async function removeForeign(
  all: string,
  isKnown: (repository: string) => boolean,
  dryRun: boolean,
): Promise<Removed[]> {
  const removed: Removed[] = [];
  for (const repository of await namesIn(all)) {
    if (isKnown(repository)) continue;
    const folder = join(all, repository);
    removed.push({ what: `all of ${repository.split('+')[0]}`, bytes: await folderBytes(folder) });
    if (!dryRun) await removeStored(folder);
  }
  return removed;
}

/**
 * Removes the least recently used caches or installs until the rest fits, and what killed processes have left.
 * @param all folder with a folder for each repository
 * @param limit bytes of all together
 * @param now milliseconds since 1970
 */
export async function removeSurplus(all: string, limit: number, dryRun: boolean, now: number): Promise<Removed[]> {
  const isUnknown = async (path: string) => (await storedAt(path, schema)) === undefined;
  if (!dryRun) for (const repository of await namesIn(all)) await removeDrafts(join(all, repository), now, isUnknown);
  let room = limit;
  const surplus = (await leastRecentlyUsed(all)).reverse().filter(({ about: { bytes } }) => {
    const fits = bytes <= room;
    if (fits) room -= bytes;
    return !fits;
  });
  return removeFirst(surplus, Number.POSITIVE_INFINITY, dryRun);
}

/**
 * Removes the least recently used caches or installs.
 * @param all folder with a folder for each repository
 * @param bytes that they have at least, as far as there are so many
 */
export async function removeLeastRecentlyUsed(all: string, bytes: number): Promise<Removed[]> {
  return removeFirst(await leastRecentlyUsed(all), bytes, false);
}

/** How many caches or installs there are, and their bytes together. @param all folder with a folder for each repository */
export async function storedUse(all: string): Promise<{ count: number; bytes: number }> {
  const kept = await leastRecentlyUsed(all);
  return { count: kept.length, bytes: kept.reduce((sum, { about: { bytes } }) => sum + bytes, 0) };
}

/** A folder's time is that of its last use. */
async function leastRecentlyUsed(all: string): Promise<AnyStored[]> {
  const kept: { stored: AnyStored; usedAt: number }[] = [];
  for (const repository of await namesIn(all))
    for (const stored of await storedIn(join(all, repository), schema)) {
      const usedAt = await modifiedAt(stored.folder);
      if (usedAt !== undefined) kept.push({ stored, usedAt });
    }
  return kept.sort((a, b) => a.usedAt - b.usedAt).map(({ stored }) => stored);
}

async function removeFirst(all: readonly AnyStored[], bytes: number, dryRun: boolean): Promise<Removed[]> {
  const removed: Removed[] = [];
  let left = bytes;
  for (const { folder, about } of all) {
    if (left <= 0) break;
    left -= about.bytes;
    removed.push({ what: about.what ?? about.key ?? '', bytes: about.bytes });
    if (!dryRun) await removeStored(folder);
  }
  return removed;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
