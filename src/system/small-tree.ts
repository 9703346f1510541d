import { type Dirent, lstatSync, opendirSync, readdirSync, statfsSync } from 'node:fs';

/**
 * The most files and folders that are listed synchronously: that takes some milliseconds, less than starting a program or using
 * another thread for each step.
 */
const most = 200;

/**
 * Types (statfs(2)) of file systems where the size of a folder grows with its entries: ext2 to ext4, XFS, Btrfs, tmpfs.
 */
const sizedByEntries: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994]);

/** The size of such a folder with at most a thousand entries, some hundred with usual names. */
const smallFolder = 4096;

export interface TreeEntry {
  /** bytes, since names need not be UTF-8 */
  path: Buffer;
  isFolder: boolean;
}

/**
 * Lists a file, or a folder and its content, each folder before its entries. Follows no link.
 * @returns undefined for a large tree
 * @throws system errors
 */
export function smallTree(path: string): TreeEntry[] | undefined {
  const top = { path: Buffer.from(path), isFolder: lstatSync(path).isDirectory() };
  const entries: TreeEntry[] = [top];
  const folders = top.isFolder ? [top.path] : [];
  const isSized = top.isFolder && sizedByEntries.has(statfsSync(path).type);
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of isSized && isSmall(folder) ? allIn(folder) : oneByOne(folder)) {
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

/** All at once, in half the time. */
function allIn(folder: Buffer): Dirent<Buffer>[] {
  return readdirSync(folder, { encoding: 'buffer', withFileTypes: true });
}

/** One by one, since a folder may have millions. */
function* oneByOne(folder: Buffer): Generator<Dirent<Buffer>> {
  // the types do not know that 'buffer' is allowed here
  const open = opendirSync(folder, { encoding: 'buffer' as BufferEncoding });
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) yield entry as unknown as Dirent<Buffer>;
  } finally {
    open.closeSync();
  }
}
