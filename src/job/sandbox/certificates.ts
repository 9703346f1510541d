import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { certificateFiles, certificateFolders } from '../../system/environment.ts';
import { keepWhole } from './whole-file.ts';

/** Bytes; bundles of all that browsers believe have 250 kB. */
const largest = 4_194_304;
/** One of a PEM file (RFC 7468, and OpenSSL's own kind with what it is trusted for). */
const certificate = /^-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/gm;

/**
 * Has jobs that are kept apart read the certificates that the machine's environment names, wherever these files are and
 * whoever may read them: certificates are no secret. They get copies, in a folder that all jobs of the runner see, without
 * what else such a file may hold, as the private key of a client.
 * @param shared that folder
 * @returns the environment with the places of the copies, and what a sandbox is to show
 */
export function withCertificates(
  env: Readonly<Record<string, string>>,
  shared: string,
): { env: Record<string, string>; shown: string[] } {
  const copies = certificateFiles.flatMap((name): [name: string, copy: string][] => {
    const content = env[name] === undefined ? undefined : read(resolve(env[name]));
    if (content === undefined) return [];
    const copy = join(shared, `${name.toLowerCase()}.pem`);
    keepWhole(copy, content);
    return [[name, copy]];
  });
  const folders = certificateFolders.flatMap((name) => (env[name] === undefined ? [] : resolve(env[name])));
  return { env: { ...env, ...Object.fromEntries(copies) }, shown: [...copies.map(([, copy]) => copy), ...folders] };
}

/** @returns undefined where there is no such file, or no certificate in it: programs say so by themselves */
function read(path: string): Buffer | undefined {
  try {
    const { size } = statSync(path);
    const found = size > largest ? null : readFileSync(path, 'latin1').match(certificate);
    return found === null ? undefined : Buffer.from(`${found.join('\n')}\n`, 'latin1');
  } catch {
    return undefined;
  }
}
