import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { toolEnvironment } from './environment.ts';
import { systemCode } from './errors.ts';

const run = promisify(execFile);

/**
 * Removes a folder and all that is in it, whatever rights a job has taken away from it: whoever is not root can remove
 * nothing from a folder that it may not write to, such as those of Go's module cache, though it is its own.
 * Nobody else may be at work in it.
 * @throws system errors
 */
export async function removeTree(path: string): Promise<void> {
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3 });
  try {
    await remove();
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOTEMPTY') throw error;
    await openFolders(path);
    await remove();
  }
}

/** One process opens many folders, but for those that find(1) itself cannot read before: it comes to a folder first. */
async function openFolders(path: string): Promise<void> {
  const open = ['-exec', 'chmod', 'u+rwx', '--', '{}'];
  const closed = ['-type', 'd', '!', '-perm', '-700', '(', '-perm', '-500', ...open, '+', '-o', ...open, ';', ')'];
  // what it can do nothing about is told by the removal
  await run('find', ['-P', path, '-xdev', ...closed], { env: toolEnvironment(), cwd: '/' }).catch(() => undefined);
}
