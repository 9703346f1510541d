import { readFileSync } from 'node:fs';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { RedisAddress } from './url.ts';

/**
 * The options of an address for ioredis, with the content of its TLS files.
 * @throws VoltError `bad_url` where a file cannot be read
 */
export function connectionOptions({
  tls,
  ...address
}: RedisAddress): Omit<RedisAddress, 'tls'> & { tls?: { [name: string]: Buffer } } {
  if (!tls) return address;
  const files = Object.entries(tls).map(([name, path]) => [name, read(name, path)]);
  return { ...address, tls: Object.fromEntries(files) };
}

function read(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new VoltError('bad_url', `cannot read the ${name} file in the address of Redis: ${errorText(error)}`, {
      remedy: 'Name a PEM file that this user can read.',
      cause: error,
    });
  }
}
