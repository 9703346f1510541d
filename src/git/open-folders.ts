import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Folders below one that others may change at any moment, each opened from the one above it and without following a
 * link: what is named by an open folder is inside of it, whatever happens to its path.
 */
export class OpenFolders {
  /** from the outermost to the one that was asked for last */
  readonly #open: { name: string; descriptor: number }[] = [];

  /** @throws where the folder is none, or a link */
  constructor(folder: string) {
    this.#open.push({ name: folder, descriptor: openFolder(folder) });
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
    for (const { descriptor } of this.#open.splice(depth + 1)) closeSync(descriptor);
    for (const part of parts.slice(depth)) {
      try {
        this.#open.push({ name: part, descriptor: openFolder(this.#in(part)) });
      } catch {
        return undefined;
      }
    }
    return this.#in(name);
  }

  close(): void {
    for (const { descriptor } of this.#open.splice(0)) closeSync(descriptor);
  }

  #in(name: string): string {
    return join(`/proc/self/fd/${this.#open.at(-1)?.descriptor}`, name);
  }
}

function openFolder(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}
