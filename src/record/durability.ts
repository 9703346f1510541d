import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts what was committed to a SQLite file on the disk. In WAL mode with `synchronous = NORMAL` a commit is in the
 * write-ahead log and in the memory of the operating system; SQLite itself has that log on the disk at the next
 * checkpoint only, and a power cut before takes the commits away. `synchronous = FULL` would have every commit wait for
 * the disk, within a call that holds the event loop. So whoever is about to tell others of something asks for it here: the
 * log is synchronised in another thread, for all who have asked until then at once.
 *
 * The log belongs to the file and not to a connection, so this covers the commits of other processes, too; it carries no
 * locks that closing it would give back (https://sqlite.org/wal.html, https://sqlite.org/howtocorrupt.html).
 */
export class Durability {
  readonly #file: string;
  #log: FileHandle | undefined;
  /** the one that runs or has run last; what was committed after its begin may have been passed over */
  #last: Promise<void> = Promise.resolve();
  /** the one that is still to begin */
  #next: Promise<void> | undefined;

  /** @param file of the record */
  constructor(file: string) {
    this.#file = file;
  }

  /** Resolves when all that was committed before the call is on the disk. */
  sync(): Promise<void> {
    this.#next ??= this.#after(this.#last);
    return this.#next;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#last, this.#next]);
    await this.#log?.close();
    this.#log = undefined;
  }

  #after(last: Promise<void>): Promise<void> {
    const next = last
      .catch(() => undefined)
      .then(() => {
        this.#last = next;
        this.#next = undefined;
        return this.#toDisk();
      });
    return next;
  }

  async #toDisk(): Promise<void> {
    this.#log ??= await this.#open();
    await this.#log?.datasync();
  }

  /** @returns undefined where there is no such log, as on a file system that can have none: SQLite waits at each commit then */
  async #open(): Promise<FileHandle | undefined> {
    const log = await open(`${this.#file}-wal`, 'r').catch((error: { code?: string }) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (!log) return undefined;
    // it may be new, and its name is to outlive a power cut, too
    const folder = await open(dirname(this.#file), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return log;
  }
}
