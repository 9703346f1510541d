import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeWhole } from '../system/write-whole.ts';
import { keyPattern } from './signing.ts';

/** The largest file that can hold a key, in bytes: a key has 43 characters and a line break. */
const mostBytes = 200;

/**
 * Reads a public key that another process has left. Another user may own the folder and put anything there, so this follows no
 * link, reads only a regular file and does not wait for a pipe.
 * @returns undefined where the file holds no key
 * @throws what opening a file throws: ENOENT, EACCES, ELOOP for a link …
 */
export function readKeyFile(file: string): string | undefined {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile() || found.size > mostBytes) return undefined;
    const bytes = Buffer.alloc(mostBytes);
    const text = bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, mostBytes, 0)).trim();
    return keyPattern.test(text) ? text : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a public key for another process to read; a link with that name is replaced, not followed.
 * @throws what writing a file throws
 */
export function leaveKeyFile(file: string, publicKey: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeWhole(file, `${publicKey}\n`, { flush: true });
}
