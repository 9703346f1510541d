import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';

/** The address under which this machine reaches a server that listens there. */
export function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

/**
 * Leaves the address in the data directory, where the other commands of this machine look for it.
 * @returns takes it away again, unless another web stage has put its own there meanwhile
 */
export function leaveAddress(config: Config, url: string): () => void {
  const file = dataPaths(config.dataDir).webUrl;
  mkdirSync(config.dataDir, { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, `${url}\n`, { mode: 0o600 });
  return () => {
    try {
      if (readFileSync(file, 'utf8').trim() === url) rmSync(file);
    } catch {
      // it is gone already
    }
  };
}
