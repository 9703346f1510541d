import { createHash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Stored, store, storedIn } from './stored-folder.ts';

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
