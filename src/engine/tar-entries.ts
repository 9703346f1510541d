import { readSync } from 'node:fs';

const block = 512;
/** Entries of an archive; images have some for each of at most 127 layers. */
const most = 1024;

/** An ordinary file in a tar archive. */
export interface TarEntry {
  name: string;
  /** bytes from the beginning of the archive to the content */
  at: number;
  size: number;
}

/**
 * The ordinary files of a tar archive on disk, by name; other entries are left out.
 * @throws Error where it is no plain archive, or has too many entries
 */
export function tarEntries(descriptor: number): Map<string, TarEntry> {
  const header = Buffer.alloc(block);
  const entries = new Map<string, TarEntry>();
  for (let at = 0, count = 0; ; count++) {
    if (readSync(descriptor, header, 0, block, at) < block) throw new Error('its archive is cut off');
    if (header.every((byte) => byte === 0)) return entries;
    if (count === most) throw new Error(`its archive has more than ${most} entries`);
    const size = sizeOf(header);
    const type = header[156] as number;
    const name = [textAt(header, 345, 155), textAt(header, 0, 100)].filter(Boolean).join('/');
    // POSIX has '0' for an ordinary file, older programs a zero byte
    if (type === 0x30 || type === 0) entries.set(name, { name, at: at + block, size });
    at += block + padded(size);
  }
}

/** The header of an ordinary file. @param size below 8 GB */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(block);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  for (const owner of [108, 116]) header.write('0000000\0', owner);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** What follows the content of a file. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc(padded(size) - size);
}

/** What ends an archive. */
export const tarEnd = Buffer.alloc(2 * block);

function padded(size: number): number {
  return Math.ceil(size / block) * block;
}

/** @throws Error for what no program writes that follows POSIX, and for files of 8 GB and more */
function sizeOf(header: Buffer): number {
  const digits = textAt(header, 124, 12).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw new Error('its archive has a file of 8 GB or more, or is damaged');
  return Number.parseInt(digits, 8);
}

function textAt(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString('latin1');
}
