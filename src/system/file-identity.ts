import { type FileHandle, lstat } from 'node:fs/promises';

/**
 * Identifies a file by its inode and the inode's creation time: a later file with the same path, or one on another machine, has
 * another identity. Without the device number, since containers that share a folder may see different ones.
 * @param file a path, or an open file
 * @throws system errors
 */
export async function fileIdentity(file: string | FileHandle): Promise<string> {
  const { ino, birthtimeNs } = await (typeof file === 'string'
    ? lstat(file, { bigint: true })
    : file.stat({ bigint: true }));
  return `${ino}-${birthtimeNs}`;
}
