import { existsSync } from 'node:fs';
import { appendFile, constants, type FileHandle, link, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { logFile, logTimesFile } from '../kernel/data-paths.ts';
import { type AttemptRef, attemptName } from '../kernel/model.ts';
import { fileIdentity } from '../system/file-identity.ts';
import { within } from '../system/wait.ts';

interface OpenLog {
  file: FileHandle;
  bytes: number;
  /** the last write; one write at a time keeps the length right */
  tail: Promise<unknown>;
  usedAt: number;
  /** the last recorded time, milliseconds since 1970 */
  timed: number;
}

/** Milliseconds between recorded times: chunks in between have the time of the chunk before. */
const timeStep = 100;

/** Milliseconds after which a log without writes is closed. */
const idle = 30_000;

/**
 * The logs in the data directory, one file for each attempt. A file is always a prefix of the log: a chunk beyond its end is
 * refused, and a chunk before its end is known already. So its length alone says how much is archived, and several
 * reporters on one volume cannot damage it. A log whose spool is on the same disk is not copied: archive and spool share
 * one file (hard link).
 */
export class Archive {
  readonly #dataDir: string;
  readonly #open = new Map<string, OpenLog>();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /**
   * Starts the log of an attempt that has just started. Removes an earlier file of that name: it belongs to an attempt that the
   * database has forgotten, or to this one before a restore, and then its runner still has the whole log.
   */
  async begin(ref: AttemptRef): Promise<void> {
    const path = logFile(this.#dataDir, ref);
    if (!existsSync(path)) return;
    const name = attemptName(ref);
    const log = this.#open.get(name);
    if (log) await this.#close(name, log);
    for (const file of [path, logTimesFile(this.#dataDir, ref)]) await rm(file, { force: true });
  }

  /**
   * Appends a chunk of the log.
   * @param sentAt when the runner sent it, in milliseconds since 1970, for the file of times
   * @returns the length of the archived log
   */
  async append(ref: AttemptRef, offset: number, data: Buffer, sentAt?: number): Promise<number> {
    await this.#closeReplaced(ref);
    return this.#grow(ref, async (log) => {
      if (offset > log.bytes) log.bytes = (await log.file.stat()).size;
      const known = log.bytes - offset;
      if (known >= 0 && known < data.length) {
        if (sentAt !== undefined) await this.#noteTime(ref, log, sentAt);
        // a nearly full disk writes a part; the next try fails
        for (let from = known; from < data.length; ) {
          const { bytesWritten } = await log.file.write(data, from, data.length - from, log.bytes);
          log.bytes += bytesWritten;
          from += bytesWritten;
        }
      }
      return log.bytes;
    });
  }

  /**
   * Makes the spool of a runner the log's file, which then grows with the spool.
   * @param spool path of the spool
   * @param identity of its file, see fileIdentity
   * @param sentAt as for `append`
   * @returns the length of the log; undefined where the spool does not exist here or is on another disk
   */
  async adopt(ref: AttemptRef, spool: string, identity: string, sentAt: number): Promise<number | undefined> {
    const path = logFile(this.#dataDir, ref);
    if (!this.#open.has(attemptName(ref)) && (await fileIdentity(spool).catch(() => undefined)) === identity) {
      await mkdir(dirname(path), { recursive: true });
      // an existing log stays; after any other error the runner sends the bytes instead
      await link(spool, path).catch(() => undefined);
    }
    return this.#grow(ref, async (log) => {
      if ((await fileIdentity(log.file)) !== identity) return undefined;
      await this.#noteTime(ref, log, sentAt);
      log.bytes = (await log.file.stat()).size;
      return log.bytes;
    });
  }

  /** Closes a file that another reporter has replaced by a new one. */
  async #closeReplaced(ref: AttemptRef): Promise<void> {
    const name = attemptName(ref);
    const log = this.#open.get(name);
    if (!log) return;
    // the old file may still have another name: a spool, or one in test_results/
    const current = await fileIdentity(logFile(this.#dataDir, ref)).catch(() => undefined);
    if (current !== (await fileIdentity(log.file)) && this.#open.get(name) === log) await this.#close(name, log);
  }

  async #grow<T>(ref: AttemptRef, work: (log: OpenLog) => Promise<T>): Promise<T> {
    const log = await this.#openLog(ref);
    const result = log.tail.then(() => work(log));
    log.tail = result.catch(() => undefined);
    const value = await result;
    for (const grown of this.#waiting.get(attemptName(ref)) ?? []) grown();
    return value;
  }

  /** Archived bytes of the log. */
  async length(ref: AttemptRef): Promise<number> {
    return stat(logFile(this.#dataDir, ref)).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /** Flushes the archived log to the disk. @returns the flushed bytes */
  async durable(ref: AttemptRef): Promise<number> {
    const file = await open(logFile(this.#dataDir, ref)).catch(() => undefined);
    if (!file) return 0;
    try {
      // the size first: later bytes may not be flushed
      const { size } = await file.stat();
      await file.datasync();
      return size;
    } finally {
      await file.close();
    }
  }

  /** Whether the log has the given length, after waiting for at most `ms` milliseconds. */
  async reaches(ref: AttemptRef, bytes: number, ms: number): Promise<boolean> {
    const until = Date.now() + ms;
    let wake = () => {};
    const forget = this.#onGrowth(ref, () => wake());
    try {
      while ((await this.length(ref)) < bytes) {
        const left = until - Date.now();
        if (left <= 0) return false;
        const grown = new Promise<void>((resolve) => {
          wake = resolve;
        });
        // polls for what another reporter writes
        await within(grown, Math.min(left, 200));
      }
      return true;
    } finally {
      forget();
    }
  }

  /** Two doubles, little-endian: a position in bytes, and the time of the chunk there. Positions of one reporter only grow. */
  async #noteTime(ref: AttemptRef, log: OpenLog, sentAt: number): Promise<void> {
    if (sentAt - log.timed < timeStep) return;
    log.timed = sentAt;
    const entry = Buffer.alloc(16);
    entry.writeDoubleLE(log.bytes, 0);
    entry.writeDoubleLE(sentAt, 8);
    // a log without times is better than no log
    await appendFile(logTimesFile(this.#dataDir, ref), entry).catch(() => undefined);
  }

  async closeIdle(): Promise<void> {
    const now = Date.now();
    for (const [name, log] of this.#open) if (now - log.usedAt > idle) await this.#close(name, log);
  }

  async close(): Promise<void> {
    for (const [name, log] of this.#open) await this.#close(name, log);
  }

  async #openLog(ref: AttemptRef): Promise<OpenLog> {
    const name = attemptName(ref);
    let log = this.#open.get(name);
    if (!log) {
      const path = logFile(this.#dataDir, ref);
      await mkdir(dirname(path), { recursive: true });
      // created if missing and never truncated, in one step: another reporter may create it at the same time
      const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o666);
      const opened: OpenLog = { file, bytes: (await file.stat()).size, tail: Promise.resolve(), usedAt: 0, timed: 0 };
      // another call may have opened it in this time
      log = this.#open.get(name);
      if (log) await file.close();
      else {
        log = opened;
        this.#open.set(name, log);
      }
    }
    log.usedAt = Date.now();
    return log;
  }

  async #close(name: string, log: OpenLog): Promise<void> {
    this.#open.delete(name);
    await log.tail;
    await log.file.close();
  }

  /** @returns a function that stops the calls */
  #onGrowth(ref: AttemptRef, grown: () => void): () => void {
    const name = attemptName(ref);
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting.add(grown));
    return () => {
      waiting.delete(grown);
      if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name);
    };
  }
}
