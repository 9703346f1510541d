import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type AttemptRef, attemptName, parseAttemptName } from '../kernel/model.ts';
import { fileIdentity } from '../system/file-identity.ts';
import { Bell } from '../system/wait.ts';
import { replaceFile } from '../system/write-whole.ts';
import { PooledBuffer } from './pooled-buffer.ts';

/** Milliseconds, and bytes, that output is collected before it is written. */
const gathering = 5;
const enough = 256 * 1024;
/** Bytes that may wait for the disk before the job's output is paused. */
const mostPending = 1_048_576;

/**
 * One attempt's log on the runner's disk. It stays until the reporter has archived it, so that none of it is lost while
 * Redis is down or the runner restarts.
 */
export class Spool {
  readonly ref: AttemptRef;
  /** identity of its file, see fileIdentity */
  readonly identity: string;
  /** bytes on the disk */
  bytes = 0;
  readonly #folder: string;
  readonly #file: FileHandle;
  readonly #limit: number;
  #pending = new PooledBuffer();
  #pendingBytes = 0;
  #accepted = 0;
  #cut = false;
  #writing: Promise<void> | undefined;
  readonly #enough = new Bell();
  #settling = 0;
  #changed: () => void = () => {};
  #failed: (error: unknown) => void = () => {};

  private constructor(
    folder: string,
    ref: AttemptRef,
    { file, identity, limit, bytes }: { file: FileHandle; identity: string; limit: number; bytes: number },
  ) {
    this.identity = identity;
    this.#folder = folder;
    this.ref = ref;
    this.#file = file;
    this.#limit = limit;
    this.bytes = bytes;
  }

  /** @param limit bytes of output that are kept; the rest is dropped, and the log says so */
  static async create(folder: string, ref: AttemptRef, limit: number): Promise<Spool> {
    await mkdir(folder, { recursive: true });
    const path = logPath(folder, ref);
    // never overwritten: the archive may use the same file
    if ((await stat(path).catch(() => undefined))?.isFile()) await rm(path);
    return Spool.#of(folder, ref, await open(path, 'w+'), limit);
  }

  /** A spool that an earlier process of this runner has left. */
  static async reopen(folder: string, ref: AttemptRef): Promise<Spool> {
    return Spool.#of(folder, ref, await open(logPath(folder, ref), 'r+'), 0);
  }

  static async #of(folder: string, ref: AttemptRef, file: FileHandle, limit: number): Promise<Spool> {
    const { size: bytes } = await file.stat();
    return new Spool(folder, ref, { file, identity: await fileIdentity(file), limit, bytes });
  }

  /** @param changed is called whenever more bytes are on the disk */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** @param failed is called when the log cannot be written; what was appended is lost then */
  onFailure(failed: (error: unknown) => void): void {
    this.#failed = failed;
  }

  /**
   * Appends a copy to the log. The promise that it returns while more than a megabyte waits for the disk pauses the
   * output.
   */
  append(chunk: Buffer): void | Promise<void> {
    const kept = this.#withinLimit(chunk);
    if (kept.length === 0) return undefined;
    this.#pending.add(kept);
    this.#pendingBytes += kept.length;
    this.#writing ??= this.#flush();
    if (this.#pendingBytes >= enough) this.#enough.ring();
    return this.#pendingBytes > mostPending ? this.#writing : undefined;
  }

  /** Resolves when everything appended so far is on the disk. */
  async settle(): Promise<void> {
    this.#settling++;
    this.#enough.ring();
    while (this.#writing) await this.#writing;
    this.#settling--;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.min(length, this.bytes - offset));
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  }

  /**
   * Writes the outcome beside the log, so that a restarted runner can still report it.
   * @param outcome as JSON
   */
  async keepOutcome(outcome: string): Promise<void> {
    await replaceFile(outcomePath(this.#folder, this.ref), outcome);
  }

  async close(): Promise<void> {
    await this.settle();
    await this.#file.close();
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(logPath(this.#folder, this.ref), { force: true });
    await rm(outcomePath(this.#folder, this.ref), { force: true });
  }

  #withinLimit(chunk: Buffer): Buffer {
    if (this.#cut) return Buffer.alloc(0);
    const room = this.#limit - this.#accepted;
    this.#accepted += chunk.length;
    if (chunk.length <= room) return chunk;
    this.#cut = true;
    const notice = `\n[volt] the log has reached its limit of ${Math.round(this.#limit / 1_048_576)} MB; what follows is dropped\n`;
    return Buffer.concat([chunk.subarray(0, room), Buffer.from(notice)]);
  }

  /** A nearly full disk writes a part; the next try throws the error. */
  async #write(parts: readonly Buffer[], size: number): Promise<void> {
    const { bytesWritten } = await this.#file.writev(parts, this.bytes);
    this.bytes += bytesWritten;
    if (bytesWritten === size) return;
    let rest = Buffer.concat(parts).subarray(bytesWritten);
    while (rest.length > 0) {
      const more = await this.#file.write(rest, 0, rest.length, this.bytes);
      this.bytes += more.bytesWritten;
      rest = rest.subarray(more.bytesWritten);
    }
  }

  async #flush(): Promise<void> {
    try {
      while (this.#pendingBytes > 0) {
        if (this.#pendingBytes < enough && this.#settling === 0) await this.#enough.wait(gathering);
        const batch = this.#pending;
        const size = this.#pendingBytes;
        this.#pending = new PooledBuffer();
        await this.#write(batch.parts, size);
        batch.free();
        this.#pendingBytes -= size;
        this.#changed();
      }
    } catch (error) {
      this.#pending = new PooledBuffer();
      this.#pendingBytes = 0;
      this.#failed(error);
    } finally {
      this.#writing = undefined;
    }
  }
}

/** A spool that an earlier process of the runner has left, with the outcome that is kept beside it. */
export interface LeftSpool {
  ref: AttemptRef;
  /** undefined where there is none, or a power cut has left it unfinished */
  outcome: unknown;
}

export async function leftSpools(folder: string): Promise<LeftSpool[]> {
  const names = await readdir(folder).catch(() => []);
  const refs = names.flatMap((name) =>
    name.endsWith('.log') ? (parseAttemptName(name.slice(0, -'.log'.length)) ?? []) : [],
  );
  return Promise.all(
    refs.map(async (ref) => ({
      ref,
      outcome: await readFile(outcomePath(folder, ref), 'utf8')
        .then((text) => JSON.parse(text) as unknown)
        .catch(() => undefined),
    })),
  );
}

function logPath(folder: string, ref: AttemptRef): string {
  return join(folder, `${attemptName(ref)}.log`);
}

function outcomePath(folder: string, ref: AttemptRef): string {
  return join(folder, `${attemptName(ref)}.json`);
}
