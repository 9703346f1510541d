import { createHash } from 'node:crypto';
import { readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { folderBytes } from '../../system/disk.ts';
import { modifiedAt } from '../../system/modified-at.ts';
import { removeDrafts, type Stored, store, storedIn } from './stored-folder.ts';

const aboutCache = z.object({
  key: z.string(),
  /** hash of the paths that are cached; a cache only fits the same paths */
  version: z.string(),
  /** class of refs that has saved it, see kernel/trust.ts */
  scope: z.string(),
  bytes: z.number(),
  /** milliseconds since 1970 */
  createdAt: z.number(),
});
type AboutCache = z.infer<typeof aboutCache>;
export type StoredCache = Stored<AboutCache>;

/** What a job asks for. */
export interface CacheQuery {
  key: string;
  /** beginnings of keys that fit if there is no cache with that key */
  restoreKeys: readonly string[];
  version: string;
  /** trust classes whose caches fit, in this order */
  scopes: readonly string[];
}

/** The caches of one repository on this machine. */
export class Caches {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The cache that fits best, by GitHub's rules: in each scope the key itself, then the newest whose key begins with
   * it, then the newest that begins with one of the other keys (docs.github.com, "Cache key matching").
   */
  async find({ key, restoreKeys, version, scopes }: CacheQuery): Promise<StoredCache | undefined> {
    const all = (await storedIn(this.#folder, aboutCache))
      .filter(({ about }) => about.version === version)
      .sort((a, b) => b.about.createdAt - a.about.createdAt);
    for (const scope of scopes) {
      const own = all.filter(({ about }) => about.scope === scope);
      const found =
        own.find(({ about }) => about.key === key) ??
        [key, ...restoreKeys].map((start) => own.find(({ about }) => about.key.startsWith(start))).find(Boolean);
      if (found) return found;
    }
    return undefined;
  }

  /** Notes that it was used: the least recently used are removed first. */
  async touch({ folder }: StoredCache): Promise<void> {
    const now = new Date();
    await utimes(folder, now, now).catch(() => undefined);
  }

  /** @returns false if there is one with that key already, which never changes */
  async save(
    about: Omit<AboutCache, 'bytes' | 'createdAt'>,
    write: (archive: string) => Promise<{ bytes: number }>,
  ): Promise<boolean> {
    const id = createHash('sha256')
      .update(JSON.stringify([about.key, about.version, about.scope]))
      .digest('hex');
    return store<AboutCache>(join(this.#folder, id), async (archive) => {
      const { bytes } = await write(archive);
      return { ...about, bytes, createdAt: Date.now() };
    });
  }

  async has(about: Omit<AboutCache, 'bytes' | 'createdAt'>): Promise<boolean> {
    const { key, version, scope } = about;
    return (await storedIn(this.#folder, aboutCache)).some(
      ({ about: other }) => other.key === key && other.version === version && other.scope === scope,
    );
  }
}

export interface RemovedCache {
  key: string;
  bytes: number;
}

/**
 * Removes the caches of removed repositories, and those of older versions, which all repositories of one name shared.
 * @param folder of all repositories' caches
 * @param known keys of the existing repositories; without it, caches of all repositories stay
 */
export async function removeForeignCaches(
  folder: string,
  known: ReadonlySet<string> | undefined,
  dryRun: boolean,
): Promise<RemovedCache[]> {
  const removed: RemovedCache[] = [];
  for (const name of await readdir(folder).catch(() => [] as string[])) {
    if (known ? known.has(name) : name.includes('+')) continue;
    const path = join(folder, name);
    removed.push({ key: `all of ${name.split('+')[0]}`, bytes: await folderBytes(path) });
    if (!dryRun) await rm(path, { recursive: true, force: true });
  }
  return removed;
}

/**
 * Removes the least recently used caches until the rest fits.
 * @param folders of the repositories
 * @param limit bytes of all together
 * @param now milliseconds since 1970
 */
export async function pruneCaches(
  folders: readonly string[],
  limit: number,
  dryRun: boolean,
  now: number,
): Promise<RemovedCache[]> {
  if (!dryRun) for (const folder of folders) await removeDrafts(folder, now);
  const kept = (await Promise.all(folders.map((folder) => storedIn(folder, aboutCache)))).flat();
  const dated = await Promise.all(kept.map(async (cache) => ({ cache, used: (await modifiedAt(cache.folder)) ?? 0 })));
  dated.sort((a, b) => b.used - a.used);
  const removed: RemovedCache[] = [];
  let total = 0;
  for (const { cache } of dated) {
    const { key, bytes } = cache.about;
    total += bytes;
    if (total <= limit) continue;
    if (!dryRun) await rm(cache.folder, { recursive: true, force: true });
    removed.push({ key, bytes });
  }
  return removed;
}
