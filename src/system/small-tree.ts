import { type Dirent, lstatSync, opendirSync, readdirSync, statfsSync } from 'node:fs';

/**
 * A tree of at most so many files and folders is gone through without giving way to anything else: that takes some
 * milliseconds, and less than either to start a program for it or to hand each step to another thread and back.
 */
const most = 200;

/**
 * File systems where a folder's size grows with what is in it, by the type that statfs(2) gives: ext2 to ext4, XFS, Btrfs,
 * tmpfs. Others may say the same of any.
 */
const measured: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994]);

/** Bytes of a folder there that has a thousand entries at most, and some hundred where names are no shorter than usual. */
const smallFolder = 4096;

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
  const isMeasured = top.isFolder && measured.has(statfsSync(path).type);
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of isMeasured && isSmall(folder) ? allIn(folder) : oneByOne(folder)) {
      const path = Buffer.concat([folder, Buffer.from('/'), entry.name]);
      const isFolder = entry.isDirectory();
      entries.push({ path, isFolder });
      if (entries.length > most) return undefined;
      if (isFolder) folders.push(path);
    }
  }
  return entries;
}

function isSmall(folder: Buffer): boolean {
  return lstatSync(folder).size <= smallFolder;
}

/** At once, which takes half as long. */
function allIn(folder: Buffer): Dirent<Buffer>[] {
  return readdirSync(folder, { encoding: 'buffer', withFileTypes: true });
}

/** A folder may hold millions. */
function* oneByOne(folder: Buffer): Generator<Dirent<Buffer>> {
  // that names may be asked for as bytes here, too, the types do not know
  const open = opendirSync(folder, { encoding: 'buffer' as BufferEncoding });
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) yield entry as unknown as Dirent<Buffer>;
  } finally {
    open.closeSync();
  }
}
