import { type BigIntStats, lstatSync, lutimesSync, mkdirSync, renameSync } from 'node:fs';
import { readdir, readFile, rename, stat, statfs, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '../system/error-text.ts';
import { OpenFolders } from '../system/open-folders.ts';
import { countEntries, IndexFile } from './index-file.ts';

/** With fewer files, git writes the commit sooner than kept files are checked. */
const fewest = 300;

/**
 * File systems that move the ctime on every change of a file, also through mapped memory, by the type that statfs(2) gives:
 * ext2 to ext4, XFS, Btrfs. tmpfs does not: a page that was read first can be written without a notice.
 */
const reliable: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e]);

/** The unchanged files of an earlier checkout, for a later one of the same repository and trust class to begin from. */
export interface KeptTree {
  /** the files in new folders, without a repository */
  readonly folder: string;
  /** git's index of the commit, with the inode and ctime that each file had before the job */
  readonly index: string;
  readonly sha: string;
}

/** Whether a checkout has so many files that keeping them is worth it. */
export async function isLarge(checkout: string): Promise<boolean> {
  return (await countEntries(join(checkout, '.git', 'index'))) >= fewest;
}

/**
 * Notes which files a checkout has, before the job can reach it.
 * @param checkout as `checkOut` has left it, and owned by the job's user
 * @param folder an empty folder that the job cannot reach, on the same file system
 * @returns undefined where changes of files could not be seen, or for a commit with files in Git LFS
 */
export async function noteTree(checkout: string, sha: string, folder: string): Promise<KeptTree | undefined> {
  if (!reliable.has(Number((await statfs(checkout)).type))) return undefined;
  if ((await readFile(join(checkout, '.git', 'config'), 'utf8')).includes('[filter "lfs"]')) return undefined;
  const index = await IndexFile.read(join(checkout, '.git', 'index'), isSha256(sha));
  await index.each((entry) => {
    const found = lstatSync(join(checkout, entry.path), { bigint: true, throwIfNoEntry: false });
    if (found) entry.setStat(found);
  });
  const tree = { folder: join(folder, 'tree'), index: join(folder, 'index'), sha };
  await index.write(tree.index);
  return tree;
}

/**
 * Moves the unchanged files out of a job's workspace into new folders, when all processes of the job are gone. A file counts
 * as changed when its ctime is not what it was; no job can set a ctime. Nothing else is taken: no folders, no attributes of
 * folders, no added files. The way to a file leads through open folders, so no link leads elsewhere.
 * @returns their bytes; undefined where too few are left
 */
export async function keepUnchanged(
  { folder, index: path, sha }: KeptTree,
  workspace: string,
): Promise<number | undefined> {
  // what changes within one tick of the kernel's clock has the same ctime
  const { ctimeNs: notedAt } = await stat(path, { bigint: true });
  const index = await IndexFile.read(path, isSha256(sha));
  const made = new Set(['.']);
  mkdirSync(folder);
  let [files, bytes] = [0, 0];
  const folders = new OpenFolders(workspace);
  try {
    await index.each((entry) => {
      const source = folders.entry(entry.path);
      const found = source && lstatSync(source, { bigint: true, throwIfNoEntry: false });
      if (!source || !found || !entry.isOf(found) || found.ctimeNs >= notedAt || found.isDirectory()) return;
      const parent = dirname(entry.path);
      if (!made.has(parent)) mkdirSync(join(folder, parent), { recursive: true });
      made.add(parent);
      if (!move(source, join(folder, entry.path), found)) return;
      files++;
      bytes += Number(found.size);
    });
  } finally {
    folders.close();
  }
  return files < fewest ? undefined : bytes;
}

/** @returns false where the job's rights do not let it be moved out of its folder */
function move(from: string, to: string, { ino }: BigIntStats): boolean {
  try {
    renameSync(from, to);
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
  const arrived = lstatSync(to, { bigint: true });
  if (arrived.ino === ino && arrived.nlink === 1n) return true;
  throw new Error('a file was exchanged while it was moved');
}

/**
 * Moves kept files into a checkout, with the time of now, and has git's index agree. Build tools such as make compare times:
 * what another job built of another version of a file, and this job restores from a cache, must not be newer than the file.
 * @param checkout has nothing but `.git`; nobody else can reach it
 * @returns see `attributesOf`
 */
export async function placeKept(kept: KeptTree, checkout: string): Promise<string> {
  for (const name of await readdir(kept.folder)) await rename(join(kept.folder, name), join(checkout, name));
  // rounded up: the file system may keep less than a millisecond
  const now = (Date.now() + 1) / 1000;
  lutimesSync(checkout, now, now);
  const { mtimeNs } = lstatSync(checkout, { bigint: true });
  const renewed = new Set(['.']);
  const index = await IndexFile.read(kept.index, isSha256(kept.sha));
  await index.each((entry) => {
    if (!renew(join(checkout, entry.path), now)) return;
    entry.setModified(mtimeNs);
    for (let folder = dirname(entry.path); !renewed.has(folder); folder = dirname(folder)) {
      renew(join(checkout, folder), now);
      renewed.add(folder);
    }
  });
  const path = join(checkout, '.git', 'index');
  await index.write(path);
  // git reads files again that are as new as its index
  await utimes(path, now + 2, now + 2);
  return index.attributes();
}

/** Which files of attributes a checkout has, as a text to compare: they decide how git writes other files. */
export async function attributesOf(checkout: string, sha: string): Promise<string> {
  return (await IndexFile.read(join(checkout, '.git', 'index'), isSha256(sha))).attributes();
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

function isSha256(sha: string): boolean {
  return sha.length === 64;
}
