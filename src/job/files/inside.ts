import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, realpathSync, type Stats } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { systemCode } from '../../kernel/errors.ts';
import { OpenFolder } from '../../system/open-folders.ts';
import { StepFault } from '../fault.ts';

/**
 * Reads files that a job may have made. The job can put a link there to a file that only Volt may read, a pipe that
 * never ends, or a device that does something when it is opened, and can replace all of it at any moment. So every
 * folder on the way is held open, links are resolved here, and a file is checked before it is opened. Nothing is said
 * about paths outside, not even whether they exist.
 */

/**
 * The flag O_PATH of open(2): opens the name, not the content. The number is the same on all processors that Node runs
 * on; Node has no name for it.
 */
const nameOnly = 0o10000000;
/** Links on the way; as many as the kernel follows. */
const mostLinks = 40;

/** The file or folder to which a path leads. */
interface Found {
  /** must be closed; works for `fstat`, and for opening the file by its path in `/proc` */
  descriptor: number;
  stats: Stats;
  /** owner of the folder that contains it */
  folderOwner: number;
}

/**
 * Reads a file of a job.
 * @param root folder that must contain the file after links are resolved, and that the job cannot replace
 * @param limit bytes
 * @throws StepFault if it is not an ordinary file inside, or larger; system errors such as ENOENT
 */
export function readInside(root: string, file: string, limit: number): string {
  const descriptor = openInside(root, file);
  try {
    const { size } = fstatSync(descriptor);
    if (size > limit) throw new StepFault(`${file} is larger than ${Math.round(limit / 1024)} kB`);
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, size, 0)).toString();
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Opens a file of a job.
 * @returns a descriptor for reading
 * @throws as `readInside`
 */
export function openInside(root: string, file: string): number {
  const { descriptor, stats, folderOwner } = find(root, file);
  try {
    if (!stats.isFile()) throw new StepFault(`${file} is not a file`);
    // the job may make a hard link to another user's file, if the kernel does not forbid it (fs.protected_hardlinks)
    if (stats.nlink > 1 && stats.uid !== folderOwner)
      throw new StepFault(`${file} is a hard link to another user's file`);
    return openSync(OpenFolder.pathOf(descriptor, resolve(root, file)), constants.O_RDONLY | constants.O_NONBLOCK);
  } finally {
    closeSync(descriptor);
  }
}

/** The file or folder at a path inside a folder, with links resolved; undefined if it does not exist or is outside. */
export function statInside(root: string, path: string): Stats | undefined {
  const found = seek(root, path);
  return typeof found === 'string' ? undefined : found;
}

/** As `statInside`, but distinguishes both reasons. */
export function seek(root: string, path: string): Stats | 'nothing' | 'outside' {
  try {
    const { descriptor, stats } = find(root, path);
    closeSync(descriptor);
    return stats;
  } catch (error) {
    if (error instanceof StepFault) return 'outside';
    if (systemCode(error) !== undefined) return 'nothing';
    throw error;
  }
}

function find(root: string, path: string): Found {
  const absolute = resolve(root, path);
  const outside = () => new StepFault(`${path} leads out of its folder`);
  if (process.platform !== 'linux') return findByPath(root, absolute, outside);
  const opened: OpenFolder[] = [];
  try {
    opened.push(OpenFolder.open(root));
    const parts = below(root, absolute, outside);
    for (let links = 0; ; ) {
      const folder = opened.at(-1) as OpenFolder;
      const part = parts.shift() ?? '.';
      if (part === '..') {
        if (opened.length === 1) throw outside();
        opened.pop()?.close();
      } else if (part !== '' && (part !== '.' || parts.length === 0)) {
        const descriptor = openSync(folder.at(part), nameOnly | constants.O_NOFOLLOW);
        const stats = fstatSync(descriptor);
        if (stats.isSymbolicLink()) {
          closeSync(descriptor);
          if (++links > mostLinks) throw new StepFault(`${path} has too many links on its way`);
          const target = readlinkSync(folder.at(part));
          if (isAbsolute(target)) for (const each of opened.splice(1)) each.close();
          parts.unshift(...(isAbsolute(target) ? below(root, target, outside) : target.split(sep)));
        } else if (parts.length === 0) {
          return { descriptor, stats, folderOwner: folder.stats.uid };
        } else {
          closeSync(descriptor);
          opened.push(folder.folder(part));
        }
      }
    }
  } catch (error) {
    // shows the path that was asked for, not the one in /proc
    if (error instanceof Error && systemCode(error) !== undefined)
      error.message = error.message.replace(/'[^']*'$/, `'${absolute}'`);
    throw error;
  } finally {
    for (const folder of opened) folder.close();
  }
}

/** On other systems jobs have Volt's rights anyway, and folders have no path by descriptor. */
function findByPath(root: string, path: string, outside: () => StepFault): Found {
  below(realpathSync(root), realpathSync(path), outside);
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = fstatSync(descriptor);
  return { descriptor, stats, folderOwner: stats.uid };
}

function below(root: string, path: string, outside: () => StepFault): string[] {
  const parts = relative(root, path).split(sep);
  if (parts[0] === '..') throw outside();
  return parts;
}
