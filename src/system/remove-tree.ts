import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { runProgram } from './run-program.ts';
import { smallTree, type TreeEntry } from './small-tree.ts';

/** Bytes that are freed within the event loop; the kernel takes some milliseconds for so many. */
const quicklyFreed = 32 * 1_048_576;

/**
 * Removes a folder and its content, also folders without write permission: a user other than root cannot remove files from
 * such a folder, for example from Go's module cache. Nobody else may change the tree during this.
 * @param path absolute
 * @throws ProgramFailed with the error output of rm(1)
 */
export async function removeTree(path: string): Promise<void> {
  if (removeSmall(path) || lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  try {
    await removeByProgram(path);
  } catch {
    await openFolders(path);
    await removeByProgram(path);
  }
}

/**
 * As `removeTree` for a tree that others may change at the same time, such as other jobs of the same user: rm(1) walks open
 * folders, so it follows no link that they put there. Without root, Volt has the same rights as those jobs.
 */
export async function removeContested(path: string): Promise<void> {
  await (process.getuid?.() === 0 ? removeByProgram(path) : removeTree(path));
}

/** Node's own rm takes four times as long for each file, most of it on the main thread. */
async function removeByProgram(path: string): Promise<void> {
  await runProgram('rm', ['-rf', '--', path]);
}

/** @returns false where the tree is too large or something cannot be removed; another method may be tried then */
function removeSmall(path: string): boolean {
  try {
    const entries = smallTree(path);
    if (!entries || bytesOf(entries) > quicklyFreed) return false;
    for (const entry of entries.reverse()) {
      if (entry.isFolder) rmdirSync(entry.path);
      else unlinkSync(entry.path);
    }
    return true;
  } catch {
    return false;
  }
}

function bytesOf(entries: readonly TreeEntry[]): number {
  return entries.reduce((sum, { path, isFolder }) => sum + (isFolder ? 0 : lstatSync(path).blocks * 512), 0);
}

/** Gives the user all rights to each folder. One chmod(1) for many, but one each for folders that find(1) must enter next. */
async function openFolders(path: string): Promise<void> {
  const open = ['-exec', 'chmod', 'u+rwx', '--', '{}'];
  const closed = ['-type', 'd', '!', '-perm', '-700', '(', '-perm', '-500', ...open, '+', '-o', ...open, ';', ')'];
  // the removal reports what is left
  await runProgram('find', ['-P', path, '-xdev', ...closed]).catch(() => undefined);
}
