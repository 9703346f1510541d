import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { systemCode } from '../../kernel/errors.ts';
import { OpenFolder } from '../../system/open-folders.ts';
import { StepFault } from '../fault.ts';

/**
 * Looks at files that a job may have made. It can put a link there to what only Volt may read, a pipe that never ends, or a
 * device that does something when it is opened, and exchange all of it at any moment. So every folder on the way is open,
 * links are resolved here, and what is found is looked at before it is opened. Of what is outside, nothing is told: not
 * even whether it is there.
 */

/** open(2): opens a name, not what is there. The number holds for all processors that Node runs on; Node does not name it. */
const nameOnly = 0o10000000;
/** As many as the kernel follows. */
const mostLinks = 40;

/** What a path leads to. */
interface Found {
  /** has to be closed; good for `fstat` and to be opened by its path in `/proc` */
  descriptor: number;
  stats: Stats;
  /** of the folder that it is in */
  folderOwner: number;
}

/**
 * Reads a file of a job.
 * @param root folder that the file, links resolved, must be in, and which the job cannot exchange
 * @param limit bytes
 * @throws StepFault where it is no ordinary file inside, or larger; system errors such as ENOENT as they are
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
 * Opens such a file.
 * @returns a descriptor for reading
 * @throws as `readInside`
 */
export function openInside(root: string, file: string): number {
  const { descriptor, stats, folderOwner } = find(root, file);
  try {
    if (!stats.isFile()) throw new StepFault(`${file} is no file`);
    // somebody else's file can be given a second name here where the kernel does not forbid it (fs.protected_hardlinks)
    if (stats.nlink > 1 && stats.uid !== folderOwner) throw new StepFault(`${file} has another name elsewhere`);
    return openSync(OpenFolder.pathOf(descriptor, resolve(root, file)), constants.O_RDONLY | constants.O_NONBLOCK);
  } finally {
    closeSync(descriptor);
  }
}

/** What is at a path inside of a folder, links resolved; undefined where nothing is, or where it leads out. */
export function statInside(root: string, path: string): Stats | undefined {
  const found = seek(root, path);
  return typeof found === 'string' ? undefined : found;
}

/** As `statInside`, where it matters which of both it is. */
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

/** Names in a folder inside of another, which may be led to by links; none where there is no such folder. */
export function namesInside(root: string, path: string): string[] {
  try {
    const { descriptor } = find(root, path);
    try {
      return readdirSync(OpenFolder.pathOf(descriptor, resolve(root, path)));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return [];
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
    // the path by which it was opened means nothing to anybody
    if (error instanceof Error && systemCode(error) !== undefined)
      error.message = error.message.replace(/'[^']*'$/, `'${absolute}'`);
    throw error;
  } finally {
    for (const folder of opened) folder.close();
  }
}

/** Elsewhere jobs have Volt's rights anyway, and folders have no other name than their path. */
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
