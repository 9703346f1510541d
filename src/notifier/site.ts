import { readFileSync } from 'node:fs';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';

/**
 * The address of the dashboard in links, without a slash at its end: VOLT_URL, else that of a web stage on the data directory, which
 * only people on this machine can open.
 */
export function siteOf(config: Config): string {
  return (config.url ?? written(config) ?? `http://127.0.0.1:${config.httpPort}`).replace(/\/+$/, '');
}

function written(config: Config): string | undefined {
  try {
    return readFileSync(dataPaths(config.dataDir).webUrl, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
