import { randomUUID } from 'node:crypto';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { folderBytes } from '../../system/disk.ts';
import { removeDrafts, removeStored, type Stored, store, storedAt, storedIn } from './stored-folder.ts';

const aboutInstall = z.object({
  /** of everything that the install was made of, see install-digest.ts */
  digest: z.string(),
  /** what was made, for people */
  what: z.string(),
  bytes: z.number(),
  /** milliseconds since 1970 */
  madeAt: z.number(),
});
type AboutInstall = z.infer<typeof aboutInstall>;
export type KeptInstall = Stored<AboutInstall>;

/**
 * What jobs of one repository have installed, as archives that no isolated job can reach: a job unpacks its own copy, so
 * it cannot change what a later job gets. The digest names the trust class, so no other class gets what one has made.
 */
export class KeptInstalls {
  readonly #folder: string;
  readonly #all: string;
  /** bytes of all repositories together */
  readonly limit: number;

  /**
   * @param all folder of all repositories' installs
   * @param repository its key
   * @param limit bytes of all repositories together; 0 to keep nothing
   */
  constructor(all: string, repository: string, limit: number) {
    this.#all = all;
    this.#folder = join(all, repository);
    this.limit = limit;
  }

  get isOff(): boolean {
    return this.limit === 0;
  }

  /** The newest install with that digest, which counts as used now. */
  async find(digest: string): Promise<KeptInstall | undefined> {
    if (this.isOff) return undefined;
    const [found] = await this.#with(digest);
    const now = new Date();
    if (found) await utimes(found.folder, now, now).catch(() => undefined);
    return found;
  }

  /**
   * Keeps an install instead of earlier ones with the same digest. Of jobs that do so at the same time each one may win.
   * @param pack writes the archive
   */
  async keep(
    { digest, what }: Pick<AboutInstall, 'digest' | 'what'>,
    pack: (archive: string) => Promise<{ bytes: number }>,
  ): Promise<{ bytes: number }> {
    const earlier = await this.#with(digest);
    const id = `${digest.slice(0, 32)}-${randomUUID()}`;
    let bytes = 0;
    await store<AboutInstall>(join(this.#folder, id), async (archive) => {
      ({ bytes } = await pack(archive));
      return { digest, what, bytes, madeAt: Date.now() };
    });
    // a job that is unpacking one has it open
    for (const { folder } of earlier) await removeStored(folder);
    await pruneInstalls(this.#all, this.limit, false, Date.now());
    return { bytes };
  }

  async #with(digest: string): Promise<KeptInstall[]> {
    const all = await storedIn(this.#folder, aboutInstall);
    return all.filter(({ about }) => about.digest === digest).sort((a, b) => b.about.madeAt - a.about.madeAt);
  }
}

export interface RemovedInstall {
  what: string;
  bytes: number;
}

/**
 * Removes the installs of removed repositories.
 * @param all folder of all repositories' installs
 * @param known keys of the existing repositories
 */
export async function removeForeignInstalls(
  all: string,
  known: ReadonlySet<string>,
  dryRun: boolean,
): Promise<RemovedInstall[]> {
  const removed: RemovedInstall[] = [];
  for (const repository of await namesIn(all)) {
    if (known.has(repository)) continue;
    const folder = join(all, repository);
    removed.push({ what: `all of ${repository.split('+')[0]}`, bytes: await folderBytes(folder) });
    if (!dryRun) await removeStored(folder);
  }
  return removed;
}

/**
 * Removes the least recently used installs until the rest fits, and what killed processes have left.
 * @param all folder of all repositories' installs
 * @param limit bytes of all together
 * @param now milliseconds since 1970
 */
export async function pruneInstalls(
  all: string,
  limit: number,
  dryRun: boolean,
  now: number,
): Promise<RemovedInstall[]> {
  const isUnknown = async (path: string) => (await storedAt(path, aboutInstall)) === undefined;
  if (!dryRun) for (const repository of await namesIn(all)) await removeDrafts(join(all, repository), now, isUnknown);
  let room = limit;
  const surplus = (await leastRecentlyUsed(all)).reverse().filter(({ about: { bytes } }) => {
    const fits = bytes <= room;
    if (fits) room -= bytes;
    return !fits;
  });
  return removeFirst(surplus, Number.POSITIVE_INFINITY, dryRun);
}

/** How many installs there are, and their bytes together. @param all folder of all repositories' installs */
export async function installsUse(all: string): Promise<{ count: number; bytes: number }> {
  const kept = await leastRecentlyUsed(all);
  return { count: kept.length, bytes: kept.reduce((sum, { about: { bytes } }) => sum + bytes, 0) };
}

/**
 * Removes the least recently used installs.
 * @param all folder of all repositories' installs
 * @param bytes that they have at least, as far as there are so many
 */
export async function removeInstalls(all: string, bytes: number): Promise<RemovedInstall[]> {
  return removeFirst(await leastRecentlyUsed(all), bytes, false);
}

async function leastRecentlyUsed(all: string): Promise<KeptInstall[]> {
  const kept: { install: KeptInstall; usedAt: number }[] = [];
  for (const repository of await namesIn(all))
    for (const install of await storedIn(join(all, repository), aboutInstall)) {
      const found = await stat(install.folder).catch(() => undefined);
      if (found) kept.push({ install, usedAt: found.mtimeMs });
    }
  return kept.sort((a, b) => a.usedAt - b.usedAt).map(({ install }) => install);
}

async function removeFirst(kept: readonly KeptInstall[], bytes: number, dryRun: boolean): Promise<RemovedInstall[]> {
  const removed: RemovedInstall[] = [];
  let left = bytes;
  for (const { folder, about } of kept) {
    if (left <= 0) break;
    left -= about.bytes;
    removed.push({ what: about.what, bytes: about.bytes });
    if (!dryRun) await removeStored(folder);
  }
  return removed;
}

async function namesIn(all: string): Promise<string[]> {
  return readdir(all).catch(() => []);
}
