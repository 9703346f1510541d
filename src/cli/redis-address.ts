import { readFileSync } from 'node:fs';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, systemCode, VoltError } from '../kernel/errors.ts';

/** The address of Redis that a command uses. */
export interface FoundAddress {
  url: string;
  /** `setting`: from an option or setting; `data`: a `volt up` wrote it to the data directory; `usual`: the default of Redis */
  from: 'setting' | 'data' | 'usual';
}

/** @throws VoltError `data_unwritable` if the address in the data directory cannot be read */
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
      remedy: 'Run this as the user who runs `volt up`, or give the address with --redis or VOLT_REDIS_URL.',
      cause: error,
    });
  }
}
