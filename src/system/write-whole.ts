import { randomUUID } from 'node:crypto';
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from './error-text.ts';

export interface WriteOptions {
  /** rights of the file; the umask applies */
  mode?: number;
  /** whether the content is on the disk before the file has its name, so that it survives a power cut */
  flush?: boolean;
}

/**
 * Replaces a file at once: readers see all of the content or what was there before, also when the disk is full or the process is
 * killed. A link with that name is replaced, not followed.
 * @throws system errors
 */
export function writeWhole(
  path: string,
  content: string | Uint8Array,
  { mode = 0o644, flush }: WriteOptions = {},
): void {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, content, { mode, flag: 'wx', flush });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Creates a file unless something has that name; of several processes at once, one succeeds.
 * @returns whether this call has created it
 * @throws system errors other than EEXIST
 */
export function createWhole(path: string, content: string, { mode = 0o644, flush }: WriteOptions = {}): boolean {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, content, { mode, flag: 'wx', flush });
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * As `writeWhole`, without holding up the event loop.
 * @param content or a function that writes it to the path that it is given
 * @throws system errors, and what the function throws
 */
export async function replaceFile(
  path: string,
  content: string | ((draft: string) => Promise<void>),
  { mode = 0o644, flush = false }: WriteOptions = {},
): Promise<void> {
  const draft = draftOf(path);
  try {
    await (typeof content === 'string' ? writeFile(draft, content, { mode }) : content(draft));
    if (flush) await synced(draft);
    await rename(draft, path);
    if (flush) await synced(dirname(path));
  } finally {
    // rename(2) leaves both names where both are of one file
    await rm(draft, { force: true });
  }
}

/** Waits until a file, or the names in a folder, are on the disk. */
async function synced(path: string): Promise<void> {
  const file = await open(path, 'r');
  await file.sync().finally(() => file.close());
}

/** In the same folder, hidden from those who list it. */
function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}`);
}
