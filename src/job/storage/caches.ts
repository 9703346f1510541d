import { createHash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { bestMatch, type CacheQuery } from './cache-match.ts';
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

/** The caches of one repository on this machine. */
export class Caches {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The cache that fits best, see cache-match.ts. */
  async find(query: CacheQuery): Promise<StoredCache | undefined> {
    return bestMatch(await storedIn(this.#folder, aboutCache), query);
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
