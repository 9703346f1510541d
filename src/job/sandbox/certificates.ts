import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { certificateFiles, certificateFolders } from '../../system/environment.ts';
import { keepWhole } from './whole-file.ts';

/** Bytes of a file. A bundle of all certificates that browsers trust has 250 kB. */
const largest = 4_194_304;
/** A certificate in a PEM file (RFC 7468, and OpenSSL's TRUSTED CERTIFICATE). */
const certificate = /^-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/gm;

/**
 * Gives isolated jobs copies of the certificates that variables of the machine's environment name, even if jobs cannot read the
 * original files: certificates are not secret. A copy contains only certificates, not, for example, the private key of a client.
 * @param shared folder for the copies, which all jobs of the runner see
 * @returns the environment with the paths of the copies, and the paths that a sandbox must show
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

/** @returns undefined where there is no file, or no certificate in it: programs report that themselves */
function read(path: string): Buffer | undefined {
  try {
    const { size } = statSync(path);
    const found = size > largest ? null : readFileSync(path, 'latin1').match(certificate);
    return found === null ? undefined : Buffer.from(`${found.join('\n')}\n`, 'latin1');
  } catch {
    return undefined;
  }
}
