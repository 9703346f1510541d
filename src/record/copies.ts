import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { snapshotRecord } from './snapshot.ts';

/** For so many days the record is kept as it was before it was brought to a newer version. */
export const keptDays = 30;

/**
 * Keeps the record as it is in a file beside it, before it is brought to a newer version. `volt restore` takes such a file.
 * @param file of the record, which is being written by nobody
 * @returns the copy
 * @throws what libsql throws, as where the disk is full
 */
export function keepCopy(file: string, version: number): string {
  const copy = `${file}.schema-${version}`;
  const draft = `${copy}.draft`;
  rmSync(draft, { force: true });
  try {
    snapshotRecord(file, draft);
    renameSync(draft, copy);
  } finally {
    rmSync(draft, { force: true });
  }
  return copy;
}

/**
 * Copies that are older than they are kept.
 * @param now milliseconds since 1970
 */
export function oldCopies(file: string, now: number): { path: string; bytes: number }[] {
  const prefix = `${basename(file)}.schema-`;
  return readdirSync(dirname(file)).flatMap((name) => {
    if (!name.startsWith(prefix) || !/^\d+$/.test(name.slice(prefix.length))) return [];
    const path = join(dirname(file), name);
    const { size, mtimeMs } = statSync(path);
    return now - mtimeMs > keptDays * 86_400_000 ? [{ path, bytes: size }] : [];
  });
}
