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

/** find(1) comes to a folder before it reads it. */
async function openFolders(path: string): Promise<void> {
  const closed = ['-type', 'd', '!', '-perm', '-700', '-exec', 'chmod', 'u+rwx', '--', '{}', ';'];
  // what it can do nothing about is told by the removal
  await run('find', ['-P', path, '-xdev', ...closed], { env: toolEnvironment(), cwd: '/' }).catch(() => undefined);
}
