import { createHash } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { yieldToOthers } from '../system/event-loop.ts';

/** What an index says of the commit that it was made of. */
export interface IndexSummary {
  /** blobs of files by which git decides how others are written, by path */
  attributes: ReadonlyMap<string, string>;
  /** whether there are commits of other repositories in it */
  hasSubmodules: boolean;
}

/** What git goes by to tell whether a file is what it was. */
export interface IndexedFile {
  /** bytes, of which only 32 bits are kept */
  size: number;
  /** nanoseconds since 1970 */
  modified: bigint;
}

const signature = 'DIRC';
const attributesName = '.gitattributes';
const dot = 0x2e;
/** An index of more is not read: it takes some hundred bytes for each. */
const mostEntries = 500_000;
/** After so many entries other work may run. */
const slice = 200;
const headerBytes = 12;
/** What each entry begins with: ten numbers of 32 bits. */
const statBytes = 40;
const modifiedAt = 8;
const modeAt = 24;
const sizeAt = 36;
const second = 1_000_000_000n;
const extendedFlag = 0x4000;
const submoduleMode = 0o160000;

/** Where an entry and its name are. */
interface Entry {
  at: number;
  nameAt: number;
  end: number;
}

/**
 * How many entries an index has, see gitformat-index(5).
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

/**
 * Reads an index, see gitformat-index(5).
 * @param sha256 whether object ids have 32 bytes
 * @returns undefined for one that is too large, or of a form that is not understood: only those that write every path in full are
 */
export async function summarizeIndex(path: string, sha256: boolean): Promise<IndexSummary | undefined> {
  if ((await countEntries(path)) > mostEntries) return undefined;
  const bytes = await readFile(path);
  const version = bytes.length < headerBytes ? 0 : bytes.readUInt32BE(4);
  if (bytes.toString('latin1', 0, 4) !== signature || (version !== 2 && version !== 3)) return undefined;
  const attributes = new Map<string, string>();
  let hasSubmodules = false;
  await eachEntry(bytes, sha256, ({ at, nameAt, end }) => {
    if (bytes.readUInt32BE(at + modeAt) === submoduleMode) hasSubmodules = true;
    // few names have this dot where it is there, so that few are made a string
    if (bytes[end - attributesName.length] !== dot) return;
    const name = bytes.toString('utf8', nameAt, end);
    const id = at + statBytes;
    if (basename(name) === attributesName) attributes.set(name, bytes.toString('hex', id, id + idBytes(sha256)));
  });
  return { attributes, hasSubmodules };
}

/**
 * Reads what an index says of each file and link, by path.
 * @param path of an index that `summarizeIndex` understands
 */
export async function indexedFiles(path: string, sha256: boolean): Promise<Map<string, IndexedFile>> {
  const bytes = await readFile(path);
  const files = new Map<string, IndexedFile>();
  await eachEntry(bytes, sha256, ({ at, nameAt, end }) => {
    const [seconds, rest] = [bytes.readUInt32BE(at + modifiedAt), bytes.readUInt32BE(at + modifiedAt + 4)];
    const modified = BigInt(seconds) * second + BigInt(rest);
    files.set(bytes.toString('utf8', nameAt, end), { size: bytes.readUInt32BE(at + sizeAt), modified });
  });
  return files;
}

/**
 * Writes into an index that files have another time of modification, so that git need not read them to see that they are
 * what they were.
 * @param path of an index that `summarizeIndex` understands, which nobody else uses
 * @param modified nanoseconds since 1970
 * @param isSo is asked for each file, by its path
 */
export async function setModified(
  path: string,
  sha256: boolean,
  modified: bigint,
  isSo: (file: string) => boolean,
): Promise<void> {
  const bytes = await readFile(path);
  const seconds = Number(modified / second);
  const nanoseconds = Number(modified % second);
  await eachEntry(bytes, sha256, ({ at, nameAt, end }) => {
    if (!isSo(bytes.toString('utf8', nameAt, end))) return;
    bytes.writeUInt32BE(seconds, at + modifiedAt);
    bytes.writeUInt32BE(nanoseconds, at + modifiedAt + 4);
  });
  const content = bytes.subarray(0, bytes.length - idBytes(sha256));
  const checksum = createHash(sha256 ? 'sha256' : 'sha1')
    .update(content)
    .digest();
  checksum.copy(bytes, content.length);
  await writeFile(path, bytes);
}

async function eachEntry(bytes: Buffer, sha256: boolean, visit: (entry: Entry) => void): Promise<void> {
  let at = headerBytes;
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    if (left % slice === 0) await yieldToOthers();
    const flagsAt = at + statBytes + idBytes(sha256);
    const isExtended = (bytes.readUInt16BE(flagsAt) & extendedFlag) !== 0;
    const nameAt = flagsAt + (isExtended ? 4 : 2);
    const end = bytes.indexOf(0, nameAt);
    visit({ at, nameAt, end });
    // filled up with one to eight zeros, so that the next begins at a multiple of eight
    at += Math.ceil((end - at + 1) / 8) * 8;
  }
}

function idBytes(sha256: boolean): number {
  return sha256 ? 32 : 20;
}
