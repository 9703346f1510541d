import { closeSync, constants, fstatSync, mkdirSync, openSync, type Stats } from 'node:fs';
import { systemCode } from './error-text.ts';

/** A folder that is open. What is named by it is inside of it, whatever happens to its path. */
export class OpenFolder {
  readonly #descriptor: number;
  readonly #path: string;

  private constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.#path = OpenFolder.pathOf(descriptor, path);
  }

  /** The path of an open file or folder that stays valid if it is renamed; its ordinary path where the system has none. */
  static pathOf(descriptor: number, path: string): string {
    return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : path;
  }

  /** @throws where it is none, or a link */
  static open(path: string): OpenFolder {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    return new OpenFolder(descriptor, path);
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  get stats(): Stats {
    return fstatSync(this.#descriptor);
  }

  /** The path of an entry that leads through this folder; a link there is for the caller to mind. @param name without `/` */
  at(name: string): string {
    // not by join, which takes `.` for nothing: a name in /proc that ends with its number is a link itself
    return `${this.#path}/${name}`;
  }

  /** @throws where the entry is no folder, or a link */
  folder(name: string): OpenFolder {
    return OpenFolder.open(this.at(name));
  }

  /** The folder of that name, and whether it was made for that. @throws as `folder` */
  folderOrNew(name: string): { folder: OpenFolder; isNew: boolean } {
    let isNew = true;
    try {
      mkdirSync(this.at(name));
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      isNew = false;
    }
    return { folder: this.folder(name), isNew };
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/**
 * Folders below one that others may change at any moment, each opened from the one above it and without following a
 * link.
 */
export class OpenFolders {
  /** from the outermost to the one that was asked for last */
  readonly #open: { name: string; folder: OpenFolder }[] = [];

  /** @throws where the folder is none, or a link */
  constructor(folder: string) {
    this.#open.push({ name: folder, folder: OpenFolder.open(folder) });
  }

  /**
   * A path of an entry that leads through the open folder that it is in; undefined where there is no such folder. Links are
   * cheap to find for paths in the order of a walk.
   * @param path relative, without `..`
   */
  entry(path: string): string | undefined {
    const parts = path.split('/');
    const name = parts.pop() as string;
    let depth = 0;
    while (depth < parts.length && this.#open[depth + 1]?.name === parts[depth]) depth++;
    for (const { folder } of this.#open.splice(depth + 1)) folder.close();
    for (const part of parts.slice(depth)) {
      try {
        this.#open.push({ name: part, folder: this.#last.folder(part) });
      } catch {
        return undefined;
      }
    }
    return this.#last.at(name);
  }

  close(): void {
    for (const { folder } of this.#open.splice(0)) folder.close();
  }

  get #last(): OpenFolder {
    return (this.#open.at(-1) as { folder: OpenFolder }).folder;
  }
}
