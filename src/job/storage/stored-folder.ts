import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as z from 'zod';
import { systemCode } from '../../kernel/errors.ts';
import { modifiedAt } from '../../system/modified-at.ts';

/** Caches, artifacts and kept installations of jobs: each is a folder with an archive and a description. */

const archiveName = 'files.tar';
const aboutName = 'about.json';
/** Ending of the names of folders that are being written. */
const draft = '.draft';
/** Milliseconds after which a folder that is not complete is abandoned. */
const longestWrite = 86_400_000;

export interface Stored<About> {
  about: About;
  folder: string;
  archive: string;
}

/** Whether a folder of that name is being written. */
export function isDraft(name: string): boolean {
  return name.endsWith(draft);
}

/** All that is stored in a folder, in no order. What is being written or removed, or cannot be read, is left out. */
export async function storedIn<S extends z.ZodType>(folder: string, schema: S): Promise<Stored<z.output<S>>[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const found = await Promise.all(names.map((name) => storedAt(join(folder, name), schema)));
  return found.filter((one) => one !== undefined);
}

/** What is stored at a path; undefined if nothing is. */
export async function storedAt<S extends z.ZodType>(
  folder: string,
  schema: S,
): Promise<Stored<z.output<S>> | undefined> {
  if (isDraft(folder)) return undefined;
  try {
    const about = schema.parse(JSON.parse(await readFile(join(folder, aboutName), 'utf8')));
    return { about, folder, archive: join(folder, archiveName) };
  } catch {
    return undefined;
  }
}

/**
 * Stores something as a whole or not at all.
 * @param folder its path
 * @param write writes the archive, and returns the description
 * @returns false if something is stored there already
 */
export async function store<About>(folder: string, write: (archive: string) => Promise<About>): Promise<boolean> {
  const work = `${folder}.${randomUUID()}${draft}`;
  try {
    await mkdir(work, { recursive: true, mode: 0o700 });
    const about = await write(join(work, archiveName));
    await writeFile(join(work, aboutName), JSON.stringify(about));
    await rename(work, folder);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOTEMPTY' || systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Removes something that is stored. It is renamed first: a process that is killed meanwhile leaves a draft, which
 * `removeDrafts` removes, instead of an archive without a description, which nobody counts.
 * @param folder its path
 */
export async function removeStored(folder: string): Promise<void> {
  const work = `${folder}.${randomUUID()}${draft}`;
  try {
    await rename(folder, work);
  } catch (error) {
    // another process has removed it
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  await rm(work, { recursive: true, force: true });
}

/**
 * Removes what a process has left that ended while it was writing or removing.
 * @param now milliseconds since 1970
 * @param isAlsoDraft whether something with another name counts as such, too
 */
export async function removeDrafts(
  folder: string,
  now: number,
  isAlsoDraft: (path: string) => Promise<boolean> = async () => false,
): Promise<void> {
  for (const name of await readdir(folder).catch(() => [] as string[])) {
    const path = join(folder, name);
    if (now - ((await modifiedAt(path)) ?? now) <= longestWrite) continue;
    if (isDraft(name) || (await isAlsoDraft(path))) await rm(path, { recursive: true, force: true });
  }
}
