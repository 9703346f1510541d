import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, systemCode, VoltError } from '../kernel/errors.ts';
import { createWhole, writeWhole } from '../system/write-whole.ts';

/** Bytes of a key for AES-256. */
const keyBytes = 32;

type KeyLocation = Pick<Config, 'dataDir' | 'secretsKeyFile'>;

/** The key is outside of the database, so that a copy of the database alone reveals no secret. */
function keyFile(config: KeyLocation): string {
  return config.secretsKeyFile ?? dataPaths(config.dataDir).secretsKey;
}

/**
 * The keys of the key file, one a line in hexadecimal. The first encrypts; the others decrypt what was encrypted before the
 * key was rotated.
 * @returns undefined without a key file
 * @throws VoltError `secrets_key_bad`
 */
export function readKeys(config: KeyLocation): Buffer[] | undefined {
  const file = keyFile(config);
  const text = read(file);
  if (text === undefined) return undefined;
  const lines = text.split('\n').flatMap((line) => line.trim() || []);
  if (lines.length === 0 || !lines.every((line) => /^[0-9a-f]{64}$/i.test(line))) {
    throw new VoltError('secrets_key_bad', `${file} does not hold a key`, {
      remedy: 'The file needs one key a line, 64 hexadecimal digits each. Restore it from your backup.',
    });
  }
  // a file that the operator names may have other permissions, such as a container's secret
  if (config.secretsKeyFile === undefined && (statSync(file).mode & 0o077) !== 0) {
    throw new VoltError('secrets_key_bad', `other users of this machine can read ${file}`, {
      remedy: `Run \`chmod 600 ${file}\`. If somebody may have read the key, also run \`volt secret rotate\`.`,
    });
  }
  return lines.map((line) => Buffer.from(line, 'hex'));
}

/**
 * Creates the key file unless it exists; processes that start at once all use the same key.
 * @throws VoltError `data_unwritable`; `secrets_key_missing` where the operator names a file that does not exist
 */
export function createKey(config: KeyLocation): void {
  const file = keyFile(config);
  if (config.secretsKeyFile !== undefined) throw keyMissing(config);
  try {
    mkdirSync(dirname(file), { recursive: true });
    createWhole(file, textOf([newKey()]), { mode: 0o600, flush: true });
  } catch (error) {
    throw unwritable(file, error);
  }
}

/**
 * Replaces the keys of the file.
 * @throws VoltError `data_unwritable`
 */
export function writeKeys(config: KeyLocation, keys: readonly Buffer[]): void {
  const file = keyFile(config);
  try {
    writeWhole(file, textOf(keys), { mode: 0o600, flush: true });
  } catch (error) {
    throw unwritable(file, error);
  }
}

export function newKey(): Buffer {
  return randomBytes(keyBytes);
}

export function keyMissing(config: KeyLocation): VoltError {
  const file = keyFile(config);
  return new VoltError('secrets_key_missing', `the key of the secrets is missing: ${file}`, {
    remedy:
      config.secretsKeyFile === undefined
        ? 'Restore it from your backup. Without it the stored secrets are lost: remove them and set them again.'
        : `Restore it, or create one: (umask 077; openssl rand -hex 32 > ${file}). All stages except runners need the same key.`,
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new VoltError('secrets_key_bad', `cannot read the key of the secrets: ${errorText(error)}`, {
      remedy: `Give this user the right to read ${file}.`,
      cause: error,
    });
  }
}

function textOf(keys: readonly Buffer[]): string {
  return `${keys.map((key) => key.toString('hex')).join('\n')}\n`;
}

function unwritable(file: string, error: unknown): VoltError {
  return new VoltError('data_unwritable', `cannot write the key of the secrets: ${errorText(error)}`, {
    remedy: `Give this user the right to write ${file}.`,
    cause: error,
  });
}
