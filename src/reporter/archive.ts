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
  /** what is being written; one write at a time keeps the length true */
  tail: Promise<unknown>;
  usedAt: number;
  /** the last time that was written down, milliseconds since 1970 */
  timed: number;
}

/** Pieces that come sooner than this (ms) after one whose time is written down count as coming with it. */
const timeStep = 100;

/** A log that nobody has written to for this long (ms) is closed. */
const idle = 30_000;

/**
 * The logs in the data directory, one file an attempt. A file is always a prefix of the log: a piece that begins
 * beyond its end is refused, one that lies before it is known already. So its length says how far it has come, without
 * any other book-keeping, and several reporters on one volume cannot spoil it. A log whose spool is on the same disk is
 * not copied: the spool's file becomes that of the archive, too.
 */
export class Archive {
  readonly #dataDir: string;
  readonly #open = new Map<string, OpenLog>();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /**
   * Begins the log of an attempt that is begun just now, so that nothing of it can be here: what is, is of an attempt of the
   * same name that the record has forgotten, or of this one before the record was set back, whose runner has all of it.
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
   * Adds a piece of the log, and gives the archive's length after it.
   * @param sentAt when the runner sent it, in milliseconds since 1970, which is written down beside the log
   */
  async append(ref: AttemptRef, offset: number, data: Buffer, sentAt?: number): Promise<number> {
    await this.#letGoOfBegunAnew(ref);
    return this.#grow(ref, async (log) => {
      if (offset > log.bytes) log.bytes = (await log.file.stat()).size;
      const known = log.bytes - offset;
      if (known >= 0 && known < data.length) {
        if (sentAt !== undefined) await this.#noteTime(ref, log, sentAt);
        // a disk that is nearly full takes a part; the error comes with the next try
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
   * Lets the log's file be that of a runner's spool, which then grows by itself.
   * @param spool where the spool should be
   * @param identity of its file, see fileIdentity
   * @param sentAt as for `append`
   * @returns the length of the log; undefined where the spool is not there, or not on the same disk
   */
  async adopt(ref: AttemptRef, spool: string, identity: string, sentAt: number): Promise<number | undefined> {
    const path = logFile(this.#dataDir, ref);
    if (!this.#open.has(attemptName(ref)) && (await fileIdentity(spool).catch(() => undefined)) === identity) {
      await mkdir(dirname(path), { recursive: true });
      // a log that has begun stays what it is; whatever else does not work here, the log can still be sent
      await link(spool, path).catch(() => undefined);
    }
    return this.#grow(ref, async (log) => {
      if ((await fileIdentity(log.file)) !== identity) return undefined;
      await this.#noteTime(ref, log, sentAt);
      log.bytes = (await log.file.stat()).size;
      return log.bytes;
    });
  }

  /** Another reporter has begun the log while this one had the former file open. */
  async #letGoOfBegunAnew(ref: AttemptRef): Promise<void> {
    const name = attemptName(ref);
    const log = this.#open.get(name);
    if (!log) return;
    // it may live on by another name: that of a runner's spool, or one in test_results/
    const there = await fileIdentity(logFile(this.#dataDir, ref)).catch(() => undefined);
    if (there !== (await fileIdentity(log.file)) && this.#open.get(name) === log) await this.#close(name, log);
  }

  async #grow<T>(ref: AttemptRef, work: (log: OpenLog) => Promise<T>): Promise<T> {
    const log = await this.#openLog(ref);
    const result = log.tail.then(() => work(log));
    log.tail = result.catch(() => undefined);
    const value = await result;
    for (const grown of this.#waiting.get(attemptName(ref)) ?? []) grown();
    return value;
  }

  /** Bytes of the log that are in the archive. */
  async length(ref: AttemptRef): Promise<number> {
    return stat(logFile(this.#dataDir, ref)).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /** Puts what the archive has of the log on the disk. @returns how much that is, in bytes */
  async durable(ref: AttemptRef): Promise<number> {
    const file = await open(logFile(this.#dataDir, ref)).catch(() => undefined);
    if (!file) return 0;
    try {
      // what comes meanwhile may not be on the disk yet
      const { size } = await file.stat();
      await file.datasync();
      return size;
    } finally {
      await file.close();
    }
  }

  /** Whether the log has come to the given length, waiting for it at most `ms` milliseconds. */
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
        // what another reporter writes is seen by looking
        await within(grown, Math.min(left, 200));
      }
      return true;
    } finally {
      forget();
    }
  }

  /** Two doubles, little-endian: a position in bytes, and the time of what begins there. Of one reporter, positions only grow. */
  async #noteTime(ref: AttemptRef, log: OpenLog, sentAt: number): Promise<void> {
    if (sentAt - log.timed < timeStep) return;
    log.timed = sentAt;
    const entry = Buffer.alloc(16);
    entry.writeDoubleLE(log.bytes, 0);
    entry.writeDoubleLE(sentAt, 8);
    // a log without times is better than none
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
      // made where it is not there and never emptied, in one step: another reporter may be making it just now
      const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o666);
      const opened: OpenLog = { file, bytes: (await file.stat()).size, tail: Promise.resolve(), usedAt: 0, timed: 0 };
      // somebody else may have opened it meanwhile
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

  /** @returns stops calling back */
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
