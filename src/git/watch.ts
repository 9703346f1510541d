import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { watch } from 'chokidar';
import { gitDirectory } from './source.ts';

/**
 * Watching a file begins a moment after it is there, and git replaces the file of a ref with every change. What happens
 * in that moment (measured: below 50 ms, on a busy machine far longer) is told by further calls after so many ms.
 */
const blindness = [100, 1000] as const;

/**
 * Calls `changed` soon after a ref of the repository at that path has moved. A hint only: what a file system does not
 * tell (network mounts) is found by polling.
 * @returns ends watching
 */
export async function watchRefs(
  path: string,
  changed: () => void,
  failed: (error: unknown) => void,
): Promise<() => Promise<void>> {
  const dir = await commonDirectory(path);
  const watcher = watch(
    ['HEAD', 'packed-refs', 'refs/heads', 'reftable'].map((name) => join(dir, name)),
    { ignoreInitial: true, ignored: (file) => file.endsWith('.lock') },
  );
  let again: NodeJS.Timeout[] = [];
  const tellAgain = () => {
    for (const timer of again) clearTimeout(timer);
    again = blindness.map((ms) => setTimeout(changed, ms));
  };
  watcher.on('all', () => {
    changed();
    tellAgain();
  });
  watcher.on('error', failed);
  await new Promise<void>((resolveReady) => watcher.once('ready', resolveReady));
  tellAgain();
  return async () => {
    await watcher.close();
    for (const timer of again) clearTimeout(timer);
  };
}

/** Where refs are: a linked work tree has a file `.git` that leads to its own folder, which names the common one. */
async function commonDirectory(path: string): Promise<string> {
  const dir = gitDirectory(path) ?? path;
  if (statSync(dir).isDirectory()) return dir;
  const own = resolve(path, (await readFile(dir, 'utf8')).replace(/^gitdir:\s*/, '').trim());
  const common = await readFile(join(own, 'commondir'), 'utf8').catch(() => '.');
  return resolve(own, common.trim());
}
