import { lstatSync, lutimesSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '../kernel/errors.ts';
import { setModified } from './index-file.ts';

/**
 * Makes files, links and folders as new as if they were written now, and has git's index agree. Tools such as make go by
 * times: what another job has built of another commit's file, and this job restores, passes for built of a file that is
 * older.
 * @param checkout in which files of the commit may be missing; nobody else can reach it
 * @param index of all files of the commit
 */
export async function renewTimes(checkout: string, index: string, sha256: boolean): Promise<void> {
  // not before now, though it is rounded on its way to the file system
  const now = (Date.now() + 1) / 1000;
  renew(checkout, now);
  const { mtimeNs } = lstatSync(checkout, { bigint: true });
  const folders = new Set(['.']);
  await setModified(index, sha256, mtimeNs, (file) => {
    if (!renew(join(checkout, file), now)) return false;
    for (let folder = dirname(file); !folders.has(folder); folder = dirname(folder)) {
      folders.add(folder);
      renew(join(checkout, folder), now);
    }
    return true;
  });
  // git reads files again that are as new as its index, which nobody can have changed here
  await utimes(index, now + 2, now + 2);
}

/** @returns false where there is none */
function renew(path: string, seconds: number): boolean {
  try {
    lutimesSync(path, seconds, seconds);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
