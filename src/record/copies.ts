import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { snapshotRecord } from './snapshot.ts';

/** Days for which the copy made before a migration is kept. */
export const keptDays = 30;

/**
 * Copies the database to a file beside it, before a migration. `volt restore` accepts such a file.
 * @param file of the database; no process may write it during the copy
 * @returns path of the copy
 * @throws errors of libsql, for example for a full disk
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
 * Copies that have expired.
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
