import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes commits to an SQLite file survive a power cut. In WAL mode with `synchronous = NORMAL` a commit is in the write-ahead
 * log and in the memory of the operating system; SQLite syncs that log at the next checkpoint only, and a power cut before
 * that loses the commits. With `synchronous = FULL` every commit would wait for the disk, in a call that blocks the event
 * loop. So callers that are about to tell others of a commit ask for it here: another thread syncs the log, once for all
 * callers that wait.
 *
 * The log belongs to the file, not to a connection, so this covers commits of other processes, too. It carries no locks that
 * closing it would release (https://sqlite.org/wal.html, https://sqlite.org/howtocorrupt.html).
 */
export class Durability {
  readonly #file: string;
  #log: FileHandle | undefined;
  /** the sync that runs or ran last; it may have missed commits since its start */
  #last: Promise<void> = Promise.resolve();
  /** the sync that has not started yet */
  #next: Promise<void> | undefined;

  /** @param file of the database */
  constructor(file: string) {
    this.#file = file;
  }

  /** Resolves when everything that was committed before the call is on the disk. */
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

  /** @returns undefined if there is no log, as on a file system without WAL: then SQLite syncs at each commit */
  async #open(): Promise<FileHandle | undefined> {
    const log = await open(`${this.#file}-wal`, 'r').catch((error: { code?: string }) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (!log) return undefined;
    // if the log is new, its name must survive a power cut, too
    const folder = await open(dirname(this.#file), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return log;
  }
}
