import { type FileHandle, lstat } from 'node:fs/promises';

/**
 * What tells a file from every other, also from one of the same path on another machine or from an earlier time: its
 * inode and when that was made. The number of the device is left out: containers that share a folder may see different
 * ones.
 * @param file a path, or an open file
 * @throws what lstat(2) does
 */
export async function fileIdentity(file: string | FileHandle): Promise<string> {
  const { ino, birthtimeNs } = await (typeof file === 'string'
    ? lstat(file, { bigint: true })
    : file.stat({ bigint: true }));
  return `${ino}-${birthtimeNs}`;
}
