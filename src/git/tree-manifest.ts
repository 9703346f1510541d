import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type BigIntStats, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { open, readFile, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { systemCode } from '../kernel/errors.ts';
import { toolEnvironment } from '../system/environment.ts';
import { OpenFolders } from './open-folders.ts';

/**
 * File systems on which whatever writes to a file moves its ctime, mappings of its memory included, by the type that
 * statfs(2) gives: ext2 to ext4, XFS, Btrfs. On tmpfs a page that was read first is written without a notice; of others
 * it is not known.
 */
const watchful: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e]);

/** How long (ms) files are looked at before others have their turn. */
const slice = 4;

/** One entry of find(1): type, inode, ctime with nine digits and a zero, permissions, owner, group, links, size, path. */
const format = '%y %i %C@ %m %U %G %n %s %P\\0';
const fields = 8;

/**
 * Writes down what the files and links of a folder are, outside of `.git`, before anybody else gets at them. All that can
 * happen to a file moves its ctime, which the kernel keeps and no one can set without the right to set the clock. What
 * changes within the same tick of that clock would not be seen: the manifest's own file is written last and by the same
 * clock, so only what is older than it is known.
 * @param file the manifest, on the same file system as the folder
 * @returns whether it can be relied upon here
 */
export async function writeManifest(folder: string, file: string): Promise<boolean> {
  const { type } = await statfs(folder);
  if (!watchful.has(Number(type))) return false;
  const output = await open(file, 'wx', 0o600);
  try {
    if ((await output.stat()).dev !== (await stat(folder)).dev) return false;
    const entries = ['(', '-type', 'f', '-o', '-type', 'l', ')', '-printf', format];
    const child = spawn('find', ['.', '-xdev', '-path', './.git', '-prune', '-o', ...entries], {
      cwd: folder,
      env: toolEnvironment(),
      stdio: ['ignore', output.fd, 'ignore'],
    });
    // one that is not GNU's does not know -printf
    const [code] = await once(child, 'exit').catch(() => [undefined]);
    return code === 0;
  } finally {
    await output.close();
  }
}

/** What `moveUnchanged` has found as it was. */
export interface MovedFiles {
  files: number;
  bytes: number;
}

/**
 * Moves the files and links that are still as the manifest says to a new folder, below folders that are all new: of the
 * old ones nothing comes along, neither attributes nor processes that stand in them. What was added or changed stays.
 * Nobody may reach the new folder. Should somebody still reach the old one, nothing of another place can be moved by
 * that, for each folder on the way is open, and what has arrived is looked at again.
 * @param from may have been changed by a job in any way
 * @param to does not exist yet
 * @param isWanted which of these are moved
 */
export async function moveUnchanged(
  manifest: string,
  from: string,
  to: string,
  isWanted: (path: string, found: BigIntStats) => boolean,
): Promise<MovedFiles> {
  const { ctimeNs: writtenAt } = await stat(manifest, { bigint: true });
  const text = await readFile(manifest);
  const moved: MovedFiles = { files: 0, bytes: 0 };
  const made = new Set<string>(['.']);
  mkdirSync(to);
  const folders = new OpenFolders(from);
  try {
    let until = performance.now() + slice;
    for (const { path, state } of entriesOf(text)) {
      if (performance.now() > until) {
        await turn();
        until = performance.now() + slice;
      }
      const source = folders.entry(path);
      const found = source === undefined ? undefined : lstatSync(source, { bigint: true, throwIfNoEntry: false });
      if (source === undefined || !found || stateOf(found) !== state || found.ctimeNs >= writtenAt) continue;
      if (!isWanted(path, found)) continue;
      const folder = dirname(path);
      if (!made.has(folder)) mkdirSync(join(to, folder), { recursive: true });
      made.add(folder);
      if (!move(source, join(to, path), found)) continue;
      moved.files++;
      moved.bytes += Number(found.size);
    }
    return moved;
  } finally {
    folders.close();
  }
}

/** @returns false where it cannot be moved out of its folder */
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

function stateOf(found: BigIntStats): string {
  const { ino, ctimeNs, mode, uid, gid, nlink, size } = found;
  const type = found.isFile() ? 'f' : found.isSymbolicLink() ? 'l' : '?';
  const ctime = String(ctimeNs);
  const permissions = (mode & 0o7777n).toString(8);
  return `${type} ${ino} ${ctime.slice(0, -9)}.${ctime.slice(-9)}0 ${permissions} ${uid} ${gid} ${nlink} ${size}`;
}

/** A name that is no UTF-8 comes out as one that is not there: such files are written anew. */
function* entriesOf(text: Buffer): Generator<{ path: string; state: string }> {
  for (let begin = 0, end = text.indexOf(0); end >= 0; begin = end + 1, end = text.indexOf(0, begin)) {
    const entry = text.toString('utf8', begin, end);
    let space = -1;
    for (let count = 0; count < fields; count++) space = entry.indexOf(' ', space + 1);
    yield { state: entry.slice(0, space), path: entry.slice(space + 1) };
  }
}
