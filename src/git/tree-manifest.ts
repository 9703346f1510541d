import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type BigIntStats, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { open, readFile, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toolEnvironment } from '../system/environment.ts';
import { systemCode } from '../system/error-text.ts';
import { OpenFolders } from '../system/open-folders.ts';

/**
 * File systems that move the ctime on every change of a file, also through mapped memory, by the type that statfs(2) gives:
 * ext2 to ext4, XFS, Btrfs. tmpfs does not: a page that was read first can be written without a notice.
 */
const reliable: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e]);

/** Milliseconds of work before others get the event loop: the files are moved while the job's verdict is being told. */
const slice = 1;

/** One entry of find(1): type, inode, ctime with nine digits and a zero, permissions, owner, group, links, size, path. */
const format = '%y %i %C@ %m %U %G %n %s %P\\0';
const fields = 8;

/**
 * Notes inode, ctime, mode, owner, links and size of all files and links of a folder, without `.git`, before a job can reach
 * them. Every change of a file moves its ctime, which no job can set. What changes within one tick of the kernel's clock has
 * the same ctime, so only files older than the manifest count.
 * @param file the manifest, on the same file system as the folder
 * @returns false where changes of files could not be seen
 */
export async function writeManifest(folder: string, file: string): Promise<boolean> {
  const { type } = await statfs(folder);
  if (!reliable.has(Number(type))) return false;
  const output = await open(file, 'wx', 0o600);
  try {
    if ((await output.stat()).dev !== (await stat(folder)).dev) return false;
    const entries = ['(', '-type', 'f', '-o', '-type', 'l', ')', '-printf', format];
    const child = spawn('find', ['.', '-xdev', '-path', './.git', '-prune', '-o', ...entries], {
      cwd: folder,
      env: toolEnvironment(),
      stdio: ['ignore', output.fd, 'ignore'],
    });
    // only GNU's find knows -printf
    const [code] = await once(child, 'exit').catch(() => [undefined]);
    return code === 0;
  } finally {
    await output.close();
  }
}

/** The files that `moveUnchanged` moved. */
export interface MovedFiles {
  files: number;
  bytes: number;
}

/**
 * Moves files and links that are still as the manifest says into new folders. Nothing else is taken: no folders, no
 * attributes of folders, no added files. Each folder on the path of a file is held open, so no link leads elsewhere, and each
 * file is checked again after its move.
 * @param from may have been changed by a job in any way
 * @param to does not exist yet, and nobody else can reach it
 * @param isWanted whether an unchanged file is moved
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
        await nextTurn();
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

function stateOf(found: BigIntStats): string {
  const { ino, ctimeNs, mode, uid, gid, nlink, size } = found;
  const type = found.isFile() ? 'f' : found.isSymbolicLink() ? 'l' : '?';
  const ctime = String(ctimeNs);
  const permissions = (mode & 0o7777n).toString(8);
  return `${type} ${ino} ${ctime.slice(0, -9)}.${ctime.slice(-9)}0 ${permissions} ${uid} ${gid} ${nlink} ${size}`;
}

/** A name that is not UTF-8 becomes the path of no file. */
function* entriesOf(text: Buffer): Generator<{ path: string; state: string }> {
  for (let begin = 0, end = text.indexOf(0); end >= 0; begin = end + 1, end = text.indexOf(0, begin)) {
    const entry = text.toString('utf8', begin, end);
    let space = -1;
    for (let count = 0; count < fields; count++) space = entry.indexOf(' ', space + 1);
    yield { state: entry.slice(0, space), path: entry.slice(space + 1) };
  }
}
