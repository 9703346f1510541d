import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';

/** The URL at which programs of this machine reach a server that listens on `host` and `port`. */
export function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

/**
 * Writes the addresses to files of the data directory, for other commands of this machine and for the person who runs Volt.
 * @returns removes the files, unless another web stage has overwritten them since
 */
export function writeAddresses(config: Config, { url, signIn }: { url: string; signIn: string }): () => void {
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
        // the file is already gone
      }
    }
  };
}
