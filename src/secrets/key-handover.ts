import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { keyPattern } from './signing.ts';

/** Bytes of a file that can be one: a key has 43 characters and a line break. */
const mostBytes = 200;

/**
 * A key that one side leaves for the other. The folder may be another's, who puts there what they like: no link is
 * followed, nothing but a regular file is read, and nobody waits for a pipe.
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
 * Leaves a public key, in the place of whatever has that name: a link there is replaced, and what it leads to is left alone.
 * @throws what writing a file throws
 */
export function leaveKeyFile(file: string, publicKey: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const aside = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(aside, `${publicKey}\n`, { mode: 0o644, flag: 'wx', flush: true });
    renameSync(aside, file);
  } finally {
    rmSync(aside, { force: true });
  }
}
