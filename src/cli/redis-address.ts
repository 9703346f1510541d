import { existsSync, readFileSync } from 'node:fs';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';

/** Where a command looks for Redis, and why there. */
export interface FoundAddress {
  url: string;
  /** `setting`: it was named; `data`: a `volt up` has left it in the data directory; `usual`: it is where Redis usually is */
  from: 'setting' | 'data' | 'usual';
}

export function redisAddress(config: Config): FoundAddress {
  if (config.redisUrl !== undefined) return { url: config.redisUrl, from: 'setting' };
  const file = dataPaths(config.dataDir).redisUrl;
  if (existsSync(file)) return { url: readFileSync(file, 'utf8').trim(), from: 'data' };
  return { url: 'redis://127.0.0.1:6379', from: 'usual' };
}
