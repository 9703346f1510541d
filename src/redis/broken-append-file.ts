import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The last log line of a Redis that cannot read its append-only file. */
const unreadable = /Bad file format reading the append only file|Invalid AOF manifest file format/;

/** Of Redis 7 and newer, and of older versions. */
const names = ['appendonlydir', 'appendonly.aof'];

/**
 * Renames an append-only file that the server cannot load: a power cut may leave zeros at its end. The database has all that is
 * lost with it.
 * @param dir of the server
 * @param lastLine of its log
 * @returns the new path; undefined where the server ended for another reason
 */
export function moveBrokenFile(dir: string, lastLine: string): string | undefined {
  const name = unreadable.test(lastLine) ? names.find((each) => existsSync(join(dir, each))) : undefined;
  if (name === undefined) return undefined;
  const path = join(dir, `${name}.broken`);
  // one copy is enough to examine
  rmSync(path, { recursive: true, force: true });
  renameSync(join(dir, name), path);
  return path;
}
