import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

/** What an index says of the commit that it was made of. */
export interface IndexSummary {
  /** blobs of files by which git decides how others are written, by path */
  attributes: ReadonlyMap<string, string>;
  /** whether there are commits of other repositories in it */
  hasSubmodules: boolean;
}

const signature = 'DIRC';
const attributesName = '.gitattributes';
const dot = 0x2e;
/** After so many entries others have their turn. */
const slice = 20_000;
const headerBytes = 12;
/** What each entry begins with: ten numbers of 32 bits, of which the seventh is the mode. */
const statBytes = 40;
const modeAt = 24;
const extendedFlag = 0x4000;
const submoduleMode = 0o160000;

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
 * @returns undefined for one of a form that is not understood: only those that write every path in full are
 */
export async function summarizeIndex(path: string, sha256: boolean): Promise<IndexSummary | undefined> {
  const bytes = await readFile(path);
  const version = bytes.length < headerBytes ? 0 : bytes.readUInt32BE(4);
  if (bytes.toString('latin1', 0, 4) !== signature || (version !== 2 && version !== 3)) return undefined;
  const idBytes = sha256 ? 32 : 20;
  const attributes = new Map<string, string>();
  let hasSubmodules = false;
  let entry = headerBytes;
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    if (left % slice === 0) await turn();
    const flagsAt = entry + statBytes + idBytes;
    const isExtended = (bytes.readUInt16BE(flagsAt) & extendedFlag) !== 0;
    const nameAt = flagsAt + (isExtended ? 4 : 2);
    const end = bytes.indexOf(0, nameAt);
    if (bytes.readUInt32BE(entry + modeAt) === submoduleMode) hasSubmodules = true;
    // few names have this dot where it is there, so that few are made a string
    if (bytes[end - attributesName.length] === dot) {
      const name = bytes.toString('utf8', nameAt, end);
      if (basename(name) === attributesName) attributes.set(name, bytes.toString('hex', entry + statBytes, flagsAt));
    }
    // filled up with one to eight zeros, so that the next begins at a multiple of eight
    entry += Math.ceil((end - entry + 1) / 8) * 8;
  }
  return { attributes, hasSubmodules };
}
