import { readFileSync } from 'node:fs';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, systemCode, VoltError } from '../kernel/errors.ts';

/** Where a command looks for Redis, and why there. */
export interface FoundAddress {
  url: string;
  /** `setting`: it was named; `data`: a `volt up` has left it in the data directory; `usual`: it is where Redis usually is */
  from: 'setting' | 'data' | 'usual';
}

/** @throws VoltError `data_unwritable` where the address that a `volt up` has left cannot be read */
export function redisAddress(config: Config): FoundAddress {
  if (config.redisUrl !== undefined) return { url: config.redisUrl, from: 'setting' };
  const left = addressIn(config.dataDir);
  return left === undefined ? { url: 'redis://127.0.0.1:6379', from: 'usual' } : { url: left, from: 'data' };
}

function addressIn(dataDir: string): string | undefined {
  const file = dataPaths(dataDir).redisUrl;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw new VoltError('data_unwritable', `cannot read the address of Redis in ${file}: ${errorText(error)}`, {
      remedy: 'Be the user whose `volt up` it is, or name the address by --redis or VOLT_REDIS_URL.',
      cause: error,
    });
  }
}
