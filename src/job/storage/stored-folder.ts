import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { systemCode } from '../../kernel/errors.ts';

/** Things that jobs have handed over to be kept: each a folder with an archive and what is known about it. */

const archiveName = 'files.tar';
const aboutName = 'about.json';
/** Ends the names of folders that are being written. */
const draft = '.draft';
/** What has not been written after this long (ms) is written by nobody. */
const longestWrite = 86_400_000;

export interface Kept<About> {
  about: About;
  folder: string;
  archive: string;
}

/** Whether a folder of that name is one that is being written. */
export function isDraft(name: string): boolean {
  return name.endsWith(draft);
}

/** All that is kept in a folder, in no order; what is being written, removed or cannot be read is not there. */
export async function storedIn<S extends z.ZodType>(folder: string, schema: S): Promise<Kept<z.output<S>>[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const kept = await Promise.all(names.map((name) => storedAt(join(folder, name), schema)));
  return kept.filter((one) => one !== undefined);
}

/** What is kept at a place; undefined where nothing is. */
export async function storedAt<S extends z.ZodType>(folder: string, schema: S): Promise<Kept<z.output<S>> | undefined> {
  if (isDraft(folder)) return undefined;
  try {
    const about = schema.parse(JSON.parse(await readFile(join(folder, aboutName), 'utf8')));
    return { about, folder, archive: join(folder, archiveName) };
  } catch {
    return undefined;
  }
}

/**
 * Keeps something, whole or not at all.
 * @param folder its place
 * @param write writes the archive, and returns what is to be known about it
 * @returns false where something is kept there already
 */
export async function keep<About>(folder: string, write: (archive: string) => Promise<About>): Promise<boolean> {
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
 * Removes what a process has left that ended while it was writing.
 * @param now milliseconds since 1970
 */
export async function removeDrafts(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [] as string[])) {
    const path = join(folder, name);
    if (!isDraft(name)) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }));
    if (now - mtimeMs > longestWrite) await rm(path, { recursive: true, force: true });
  }
}
