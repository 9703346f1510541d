import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';

const signature = 'DIRC';
const version = 2;
const headerBytes = 12;
/** What begins each entry: ten numbers of 32 bits. */
const statBytes = 40;
const modifiedAt = 8;
const flagBytes = 2;
/** Milliseconds of work before others get the event loop: results of other jobs are waiting for it. */
const slice = 4;
const second = 1_000_000_000n;

/**
 * How many entries an index has.
 * @returns 0 where there is no index
 */
export async function countEntries(path: string): Promise<number> {
  const file = await open(path).catch(() => undefined);
  try {
    const { buffer, bytesRead } = (await file?.read(Buffer.alloc(headerBytes), 0, headerBytes, 0)) ?? {};
    return bytesRead === headerBytes && buffer?.toString('latin1', 0, 4) === signature ? buffer.readUInt32BE(8) : 0;
  } finally {
    await file?.close();
  }
}

/** git's index of a checkout that nobody else uses, in version 2 of the format: see gitformat-index(5). */
export class IndexFile {
  readonly #bytes: Buffer;
  readonly #idBytes: number;

  private constructor(bytes: Buffer, idBytes: number) {
    this.#bytes = bytes;
    this.#idBytes = idBytes;
  }

  /**
   * @param sha256 whether object ids have 32 bytes
   * @throws Error for another format
   */
  static async read(path: string, sha256: boolean): Promise<IndexFile> {
    const bytes = await readFile(path);
    if (bytes.length < headerBytes || bytes.toString('latin1', 0, 4) !== signature || bytes.readUInt32BE(4) !== version)
      throw new Error(`${path} is not an index of version ${version}`);
    return new IndexFile(bytes, sha256 ? 32 : 20);
  }

  /** Calls back for each entry. A name that is not UTF-8 becomes the path of no file. */
  async each(visit: (entry: IndexEntry) => void): Promise<void> {
    const bytes = this.#bytes;
    let at = headerBytes;
    let until = performance.now() + slice;
    for (let left = bytes.readUInt32BE(8); left > 0; left--) {
      const nameAt = at + statBytes + this.#idBytes + flagBytes;
      const end = bytes.indexOf(0, nameAt);
      const idAt = at + statBytes;
      const id = bytes.subarray(idAt, idAt + this.#idBytes);
      visit(new IndexEntry(bytes.toString('utf8', nameAt, end), id, bytes.subarray(at, idAt)));
      // one to eight zeros make the length of an entry a multiple of eight
      at += (end - at + 8) & ~7;
      if (performance.now() < until) continue;
      await nextTurn();
      until = performance.now() + slice;
    }
  }

  /** Paths and object ids of all files of attributes, as one text. They decide how git writes other files. */
  async attributes(): Promise<string> {
    const found: string[] = [];
    await this.each(({ path, id }) => {
      if (path.endsWith('.gitattributes')) found.push(`${path} ${id.toString('hex')}`);
    });
    return found.join('\n');
  }

  async write(path: string): Promise<void> {
    const end = this.#bytes.length - this.#idBytes;
    const algorithm = this.#idBytes === 32 ? 'sha256' : 'sha1';
    createHash(algorithm).update(this.#bytes.subarray(0, end)).digest().copy(this.#bytes, end);
    await writeFile(path, this.#bytes, { mode: 0o600 });
  }
}

/** A file or link in an index, with what git knows of it on the disk. */
export class IndexEntry {
  readonly path: string;
  /** object id */
  readonly id: Buffer;
  readonly #stat: Buffer;

  constructor(path: string, id: Buffer, stat: Buffer) {
    this.path = path;
    this.id = id;
    this.#stat = stat;
  }

  /** Whether the file is the same one, unchanged since `setStat`: every change of a file moves its ctime. */
  isOf(found: BigIntStats): boolean {
    return this.#statOf(found).equals(this.#stat);
  }

  setStat(found: BigIntStats): void {
    this.#statOf(found).copy(this.#stat);
  }

  /** @param time nanoseconds since 1970 */
  setModified(time: bigint): void {
    setTime(this.#stat, modifiedAt, time);
  }

  #statOf({ ctimeNs, mtimeNs, dev, ino, uid, gid, size }: BigIntStats): Buffer {
    const bytes = Buffer.allocUnsafe(statBytes);
    this.#stat.copy(bytes);
    setTime(bytes, 0, ctimeNs);
    setTime(bytes, modifiedAt, mtimeNs);
    // git has a mode of its own between these
    for (const [at, number] of [
      [16, dev],
      [20, ino],
      [28, uid],
      [32, gid],
      [36, size],
    ] as const)
      bytes.writeUInt32BE(Number(number & 0xffff_ffffn), at);
    return bytes;
  }
}

/** @param time nanoseconds since 1970 */
function setTime(bytes: Buffer, at: number, time: bigint): void {
  bytes.writeUInt32BE(Number(time / second), at);
  bytes.writeUInt32BE(Number(time % second), at + 4);
}
