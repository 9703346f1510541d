import { type Dirent, lstatSync, opendirSync } from 'node:fs';

/**
 * A tree of at most so many files and folders is gone through without giving way to anything else: that takes some
 * milliseconds, and less than either to start a program for it or to hand each step to another thread and back.
 */
const most = 200;

export interface TreeEntry {
  /** names are bytes: they need not be UTF-8 */
  path: Buffer;
  isFolder: boolean;
}

/**
 * A file, or a folder and all that is in it, each folder before what is in it; no link is followed.
 * @returns undefined where that is much
 * @throws system errors
 */
export function smallTree(path: string): TreeEntry[] | undefined {
  const top = { path: Buffer.from(path), isFolder: lstatSync(path).isDirectory() };
  const entries: TreeEntry[] = [top];
  const folders = top.isFolder ? [top.path] : [];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of namesIn(folder)) {
      const path = Buffer.concat([folder, Buffer.from('/'), entry.name]);
      const isFolder = entry.isDirectory();
      entries.push({ path, isFolder });
      if (entries.length > most) return undefined;
      if (isFolder) folders.push(path);
    }
  }
  return entries;
}

/** One by one: a folder may hold millions. */
function* namesIn(folder: Buffer): Generator<Dirent<Buffer>> {
  // that names may be asked for as bytes here, too, the types do not know
  const open = opendirSync(folder, { encoding: 'buffer' as BufferEncoding });
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) yield entry as unknown as Dirent<Buffer>;
  } finally {
    open.closeSync();
  }
}
