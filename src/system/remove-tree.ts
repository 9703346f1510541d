import { execFile } from 'node:child_process';
import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { toolEnvironment } from './environment.ts';
import { smallTree, type TreeEntry } from './small-tree.ts';

const run = promisify(execFile);

/** Bytes that are freed without giving way to anything else; the kernel takes some milliseconds for so many. */
const quicklyFreed = 32 * 1_048_576;

/**
 * Removes a folder and all that is in it, whatever rights a job has taken away from it: whoever is not root can remove
 * nothing from a folder that it may not write to, such as those of Go's module cache, though it is its own.
 * Nobody else may be at work in it.
 * @param path absolute
 * @throws what rm(1) says
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
 * As `removeTree`, where somebody else may be at work in it, such as other jobs of the same user: rm(1) goes by open folders,
 * and so follows no link that is put in its way. Who is not root has no more rights there than they have.
 */
export async function removeContested(path: string): Promise<void> {
  await (process.getuid?.() === 0 ? removeByProgram(path) : removeTree(path));
}

/** Node itself takes four times as long for each file, most of it in the thread that all else waits for. */
async function removeByProgram(path: string): Promise<void> {
  await run('rm', ['-rf', '--', path], { env: toolEnvironment(), cwd: '/' });
}

/** @returns false where that is too much, or where something is in its way; it can be tried again then */
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

/** One process opens many folders, but for those that find(1) itself cannot read before: it comes to a folder first. */
async function openFolders(path: string): Promise<void> {
  const open = ['-exec', 'chmod', 'u+rwx', '--', '{}'];
  const closed = ['-type', 'd', '!', '-perm', '-700', '(', '-perm', '-500', ...open, '+', '-o', ...open, ';', ')'];
  // what it can do nothing about is told by the removal
  await run('find', ['-P', path, '-xdev', ...closed], { env: toolEnvironment(), cwd: '/' }).catch(() => undefined);
}
