import { randomUUID } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { removeSurplus } from './least-recently-used.ts';
import { removeStored, type Stored, store, storedIn } from './stored-folder.ts';

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
    await removeSurplus(this.#all, this.limit, false, Date.now());
    return { bytes };
  }

  async #with(digest: string): Promise<KeptInstall[]> {
    const all = await storedIn(this.#folder, aboutInstall);
    return all.filter(({ about }) => about.digest === digest).sort((a, b) => b.about.madeAt - a.about.madeAt);
  }
}
