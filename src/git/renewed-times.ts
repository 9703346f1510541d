import { lstatSync, lutimesSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '../system/error-text.ts';
import { setModified } from './index-file.ts';

/**
 * Gives files, links and folders the time of now, and has git's index agree. Build tools such as make compare times: what
 * another job built of another version of a file, and this job restores from a cache, must not be newer than the file.
 * @param checkout in which files of the commit may be missing; nobody else can reach it
 * @param index of all files of the commit
 */
export async function renewTimes(checkout: string, index: string, sha256: boolean): Promise<void> {
  // rounded up: the file system may keep less than a millisecond
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
  // git reads files again that are as new as its index
  await utimes(index, now + 2, now + 2);
}

/** @returns false where there is no such file */
function renew(path: string, seconds: number): boolean {
  try {
    lutimesSync(path, seconds, seconds);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
