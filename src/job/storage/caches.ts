import { createHash } from 'node:crypto';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { folderBytes } from '../../system/disk.ts';
import { type Kept, keep, removeDrafts, storedIn } from './stored-folder.ts';

const aboutCache = z.object({
  key: z.string(),
  /** of what the paths of the cache are: one is only good for the same */
  version: z.string(),
  /** class of refs that has saved it, see kernel/trust.ts */
  scope: z.string(),
  bytes: z.number(),
  /** milliseconds since 1970 */
  createdAt: z.number(),
});
type AboutCache = z.infer<typeof aboutCache>;
export type StoredCache = Kept<AboutCache>;

/** What a job looks for. */
export interface CacheQuery {
  key: string;
  /** beginnings of keys that will do where there is none of that key */
  restoreKeys: readonly string[];
  version: string;
  /** whose caches count, in this order */
  scopes: readonly string[];
}

/** The caches of one repository on this machine. */
export class Caches {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The cache that fits best, by GitHub's rules: for each scope the key itself, the newest that begins with it, and then
   * the newest that begins with one of the others (docs.github.com, "Cache key matching").
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

  /** Notes that it was of use: those that were not for the longest go first. */
  async touch({ folder }: StoredCache): Promise<void> {
    const now = new Date();
    await utimes(folder, now, now).catch(() => undefined);
  }

  /** @returns false where there is one of that key, which never changes */
  async save(
    about: Omit<AboutCache, 'bytes' | 'createdAt'>,
    write: (archive: string) => Promise<{ bytes: number }>,
  ): Promise<boolean> {
    const id = createHash('sha256')
      .update(JSON.stringify([about.key, about.version, about.scope]))
      .digest('hex');
    return keep<AboutCache>(join(this.#folder, id), async (archive) => {
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
 * Removes the caches of repositories that are gone, and those that an older Volt has kept by a repository's name alone.
 * @param folder of all repositories' caches
 * @param known keys of the repositories that there are; without it, any
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
 * Removes the caches that were of no use for the longest, until what is left fits.
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
  const dated = await Promise.all(
    kept.map(async (cache) => ({
      cache,
      used: await stat(cache.folder).then(
        (found) => found.mtimeMs,
        () => 0,
      ),
    })),
  );
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
