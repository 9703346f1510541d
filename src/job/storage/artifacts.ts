import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { folderBytes } from '../../system/disk.ts';
import { modifiedAt } from '../../system/modified-at.ts';
import { type Stored, store, storedAt, storedIn } from './stored-folder.ts';

const aboutArtifact = z.object({
  id: z.number(),
  name: z.string(),
  /** the workflow's file; absent in artifacts of older versions, which all workflows of a build shared */
  workflow: z.string().optional(),
  /** the job that has made it; a retry of the job replaces it */
  job: z.string(),
  files: z.number(),
  bytes: z.number(),
  /** SHA-256 of the archive, hexadecimal */
  digest: z.string(),
});
export type AboutArtifact = z.infer<typeof aboutArtifact>;
export type StoredArtifact = Stored<AboutArtifact>;

/** The artifacts of one workflow of a build on this machine. */
export class Artifacts {
  readonly #folder: string;
  readonly #workflow: string;

  /**
   * @param folder of the build
   * @param workflow file of the running workflow; artifacts of other workflows are not seen, and may have the same
   * names
   */
  constructor(folder: string, workflow: string) {
    this.#folder = folder;
    this.#workflow = workflow;
  }

  async list(): Promise<StoredArtifact[]> {
    const all = await storedIn(this.#folder, aboutArtifact);
    return all.filter(({ about: { workflow = this.#workflow } }) => workflow === this.#workflow);
  }

  async find(name: string): Promise<StoredArtifact | undefined> {
    return storedAt(this.#pathOf(name), aboutArtifact);
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { recursive: true, force: true });
  }

  /** @returns its description; undefined if there is an artifact of that name already */
  async save(
    { name, job, files }: Pick<AboutArtifact, 'name' | 'job' | 'files'>,
    write: (archive: string) => Promise<{ bytes: number; digest: string }>,
  ): Promise<AboutArtifact | undefined> {
    const path = this.#pathOf(name);
    // an id that is practically unique
    const id = Number.parseInt(createHash('sha256').update(path).digest('hex').slice(0, 12), 16);
    let about: AboutArtifact | undefined;
    const isStored = await store(path, async (archive) => {
      about = { id, name, workflow: this.#workflow, job, files, ...(await write(archive)) };
      return about;
    });
    return isStored ? about : undefined;
  }

  #pathOf(name: string): string {
    const hash = createHash('sha256').update(JSON.stringify([this.#workflow, name]));
    return join(this.#folder, hash.digest('hex'));
  }
}

export interface RemovedArtifacts {
  build: string;
  bytes: number;
}

/**
 * Removes the artifacts of builds that have had no new ones for that many days.
 * @param folders of the repositories
 * @param now milliseconds since 1970
 */
export async function pruneArtifacts(
  folders: readonly string[],
  days: number,
  dryRun: boolean,
  now: number,
): Promise<RemovedArtifacts[]> {
  const removed: RemovedArtifacts[] = [];
  for (const folder of folders) {
    for (const build of await readdir(folder).catch(() => [] as string[])) {
      const path = join(folder, build);
      const changed = (await modifiedAt(path)) ?? now;
      if (now - changed < days * 86_400_000) continue;
      const bytes = await folderBytes(path);
      if (!dryRun) await rm(path, { recursive: true, force: true });
      removed.push({ build, bytes });
    }
  }
  return removed;
}
