import { existsSync, type FSWatcher, statSync, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { systemCode } from '../kernel/errors.ts';
import { gitDirectory } from './access/source.ts';

/** Folders of refs in a repository, by gitrepository-layout(5) and the reftable format. */
const refFolders = ['refs', 'reftable'] as const;
/** Folders of remote branches, notes and the like, which are never built. */
const ignored = new Set(['remotes', 'notes', 'stash', 'bisect', 'rewritten', 'worktree', 'original']);
/** Folders of refs that are watched; polling finds changes in others. */
const mostFolders = 1000;
/** Milliseconds between two searches for new folders, however much happens. */
const calm = 20;

/**
 * Calls `changed` soon after a ref of the repository at that path has moved. Polling finds what a file system does not
 * report, as network mounts.
 *
 * It watches folders and not the files in them: git replaces a file by a new one, which ends the watch of a file, while the
 * kernel reports everything that happens in a folder. A new folder is watched before `changed` is called, so that nothing
 * in it is missed.
 * @param failed is called at most once, when watching has ended by itself: the folder is gone, or the kernel allows no further
 * watches
 */
export async function watchRefs(
  path: string,
  changed: () => void,
  failed: (error: unknown) => void,
): Promise<RefWatch> {
  const watching = new RefWatch(await commonDirectory(path), changed, failed);
  await watching.begin();
  return watching;
}

export class RefWatch {
  readonly #dir: string;
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  /** whether a folder was watched that was not before */
  #grown = false;
  #settling: Promise<void> = Promise.resolve();
  #due: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(dir: string, changed: () => void, failed: (error: unknown) => void) {
    this.#dir = dir;
    this.#changed = changed;
    this.#failed = failed;
  }

  async begin(): Promise<void> {
    this.#settling = this.#settle();
    await this.#settling.catch((error) => {
      this.#end();
      throw error;
    });
  }

  /** Ends watching. */
  async close(): Promise<void> {
    this.#end();
    await this.#settling.catch(() => undefined);
    // what was watched while it settled
    this.#end();
  }

  /**
   * A text that changes with the folders of refs, which costs less than to start git; undefined where not all of them are
   * watched.
   */
  async state(): Promise<string | undefined> {
    const folders = [...this.#watchers.keys()];
    if (this.#closed || folders.length === 0 || folders.length >= mostFolders) return undefined;
    try {
      const found = await Promise.all(folders.map((folder) => stat(folder, { bigint: true })));
      return found.map(({ ino, ctimeNs }) => `${ino} ${ctimeNs}`).join();
    } catch {
      return undefined;
    }
  }

  /** Watches all folders, and reports a change where there are new ones. */
  async #settle(): Promise<void> {
    this.#grown = false;
    await this.#visit(this.#dir, new Set());
    if (this.#grown && !this.#closed) this.#changed();
  }

  #end(): void {
    this.#closed = true;
    clearTimeout(this.#due);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#end();
    this.#failed(error);
  }

  /** Watches a folder before reading it, so that the watch reports what is made in between. */
  async #visit(folder: string, found: Set<string>): Promise<void> {
    if (this.#closed || found.size >= mostFolders) return;
    found.add(folder);
    try {
      this.#watch(folder);
      for (const name of await this.#below(folder)) await this.#visit(join(folder, name), found);
    } catch (error) {
      // git removes empty folders
      this.#forget(folder);
      if (systemCode(error) !== 'ENOENT' || folder === this.#dir) throw error;
    }
  }

  async #below(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    if (folder === this.#dir) return names.filter((name) => (refFolders as readonly string[]).includes(name));
    return folder === join(this.#dir, 'refs') ? names.filter((name) => !ignored.has(name)) : names;
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return;
    const watcher = watch(folder, { persistent: false }, (kind, name) => this.#heard(folder, kind, name));
    watcher.on('error', (error) => this.#fail(error));
    this.#watchers.set(folder, watcher);
    this.#grown = true;
  }

  /** A new folder with the same name needs a new watch. */
  #forget(folder: string): void {
    for (const [name, watcher] of this.#watchers) {
      if (name !== folder && !name.startsWith(`${folder}${sep}`)) continue;
      watcher.close();
      this.#watchers.delete(name);
    }
  }

  #heard(folder: string, kind: string, name: string | null): void {
    // git writes a lock file first, and renames it
    if (this.#closed || name?.endsWith('.lock')) return;
    if (folder === this.#dir && name !== null && !isOfRefs(name)) {
      // the kernel reports the end of a folder under its own name
      if (kind === 'rename' && name === basename(folder) && !existsSync(folder))
        this.#fail(new Error(`${folder} is gone`));
      return;
    }
    if (kind === 'rename' && name !== null) this.#forget(join(folder, name));
    this.#changed();
    if (kind === 'rename') this.#due ??= setTimeout(() => this.#again(), calm);
  }

  #again(): void {
    this.#due = undefined;
    this.#settling = this.#settling.then(() => this.#settle()).catch((error) => this.#fail(error));
  }
}

/** Other files in a repository's folder change with every git command. */
function isOfRefs(name: string): boolean {
  return name === 'HEAD' || name === 'packed-refs' || (refFolders as readonly string[]).includes(name);
}

/** The folder of the refs: a linked work tree has a file `.git` that names its own folder, which names the common one. */
async function commonDirectory(path: string): Promise<string> {
  const dir = gitDirectory(path) ?? path;
  if (statSync(dir).isDirectory()) return dir;
  const own = resolve(path, (await readFile(dir, 'utf8')).replace(/^gitdir:\s*/, '').trim());
  const common = await readFile(join(own, 'commondir'), 'utf8').catch(() => '.');
  return resolve(own, common.trim());
}
