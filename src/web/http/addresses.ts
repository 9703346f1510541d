import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';

/** The address under which this machine reaches a server that listens there. */
export function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

/**
 * Leaves the addresses in the data directory, for the other commands of this machine and for whoever runs Volt.
 * @returns takes them away again, unless another web stage has put its own there meanwhile
 */
export function leaveAddresses(config: Config, { url, signIn }: { url: string; signIn: string }): () => void {
  const paths = dataPaths(config.dataDir);
  mkdirSync(config.dataDir, { recursive: true });
  const files = [
    { file: paths.webUrl, text: url },
    { file: paths.signInUrl, text: signIn },
  ];
  for (const { file, text } of files) {
    rmSync(file, { force: true });
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
  }
  return () => {
    for (const { file, text } of files) {
      try {
        if (readFileSync(file, 'utf8').trim() === text) rmSync(file);
      } catch {
        // it is gone already
      }
    }
  };
}
