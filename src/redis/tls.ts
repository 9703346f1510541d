import { readFileSync } from 'node:fs';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { RedisAddress } from './url.ts';

/**
 * An address as ioredis takes it, with the content of the files that it names for TLS.
 * @throws VoltError `bad_url` where one cannot be read
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
    throw new VoltError(
      'bad_url',
      `cannot read the file that the address of Redis names as ${name}: ${errorText(error)}`,
      {
        remedy: 'Name a PEM file that this user may read.',
        cause: error,
      },
    );
  }
}
