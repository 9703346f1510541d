import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { dataPaths } from '../kernel/data-paths.ts';
import { VoltError } from '../kernel/errors.ts';

/** Bytes of a Unix socket's path, see unix(7). */
const longest = 107;

/**
 * The path of a socket to an engine, in a folder of the data directory that only Volt's user enters, and which is made.
 * @throws VoltError `engine_failed` where the data directory's path is too long
 */
export function socketPath(dataDir: string, name: string): string {
  const { engine: folder } = dataPaths(dataDir);
  const path = join(folder, name);
  if (Buffer.byteLength(path) > longest) {
    throw new VoltError('engine_failed', `the path ${path} is too long for a socket`, {
      remedy: 'Use a data directory with a shorter path.',
    });
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return path;
}
