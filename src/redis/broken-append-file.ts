import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What Redis says in the end of an append-only file that is not as it has written it. */
const unreadable = /Bad file format reading the append only file|Invalid AOF manifest file format/;

/** Of Redis 7 and newer, and of older ones. */
const names = ['appendonlydir', 'appendonly.aof'];

/**
 * Puts an append-only file out of the way that the server cannot load. A power cut may leave zeros at its end, which no
 * server takes for an end; what is lost with it the record has.
 * @param dir of the server
 * @param said the last line of its log
 * @returns where it is now; undefined where the server has ended for another reason
 */
export function moveBrokenFile(dir: string, said: string): string | undefined {
  const name = unreadable.test(said) ? names.find((each) => existsSync(join(dir, each))) : undefined;
  if (name === undefined) return undefined;
  const aside = join(dir, `${name}.broken`);
  // one is enough to see what has happened
  rmSync(aside, { recursive: true, force: true });
  renameSync(join(dir, name), aside);
  return aside;
}
