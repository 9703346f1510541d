import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, systemCode, VoltError } from '../kernel/errors.ts';

/** Bytes of a key for AES-256. */
const keyBytes = 32;

type Place = Pick<Config, 'dataDir' | 'secretsKeyFile'>;

/** Where the key is: outside the record, so that a copy of the record alone tells no secret. */
function keyFile(config: Place): string {
  return config.secretsKeyFile ?? dataPaths(config.dataDir).secretsKey;
}

/**
 * The keys of the key file, one a line in hexadecimal: the first encrypts, the others still decrypt what was encrypted
 * before the key was changed.
 * @returns undefined where there is no such file
 * @throws VoltError `secrets_key_bad`
 */
export function readKeys(config: Place): Buffer[] | undefined {
  const file = keyFile(config);
  const text = read(file);
  if (text === undefined) return undefined;
  const lines = text.split('\n').flatMap((line) => line.trim() || []);
  if (lines.length === 0 || !lines.every((line) => /^[0-9a-f]{64}$/i.test(line))) {
    throw new VoltError('secrets_key_bad', `${file} does not hold a key`, {
      remedy: 'It has one key a line, 64 hexadecimal digits each. Put back the one from your backup.',
    });
  }
  // one that the operator has named may be handed in by other means, such as a container's secrets
  if (config.secretsKeyFile === undefined && (statSync(file).mode & 0o077) !== 0) {
    throw new VoltError('secrets_key_bad', `${file} may be read by other users of this machine`, {
      remedy: `chmod 600 ${file}; if somebody may have read it, also change the key by \`volt secret rotate\`.`,
    });
  }
  return lines.map((line) => Buffer.from(line, 'hex'));
}

/**
 * Makes the key file where it is missing. A link appears with its content and only where nothing is, so that of two
 * processes that start at once both use one key.
 * @throws VoltError `data_unwritable`, or `secrets_key_missing` where the operator has named a file that is not there
 */
export function createKey(config: Place): void {
  const file = keyFile(config);
  if (config.secretsKeyFile !== undefined) throw keyMissing(config);
  const aside = asideOf(file);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(aside, textOf([randomBytes(keyBytes)]), { mode: 0o600, flag: 'wx', flush: true });
    linkSync(aside, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unwritable(file, error);
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * Replaces the keys of the file, in one move.
 * @throws VoltError `data_unwritable`
 */
export function writeKeys(config: Place, keys: readonly Buffer[]): void {
  const file = keyFile(config);
  const aside = asideOf(file);
  try {
    writeFileSync(aside, textOf(keys), { mode: 0o600, flag: 'wx', flush: true });
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw unwritable(file, error);
  }
}

export function newKey(): Buffer {
  return randomBytes(keyBytes);
}

export function keyMissing(config: Place): VoltError {
  const file = keyFile(config);
  return new VoltError('secrets_key_missing', `there is no key of the secrets at ${file}`, {
    remedy:
      config.secretsKeyFile === undefined
        ? 'Put it back from your backup. Without it the secrets in the record are lost: remove them and set them again.'
        : `Put it back, or make one: (umask 077; openssl rand -hex 32 > ${file}). Every stage but runners needs the same.`,
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new VoltError('secrets_key_bad', `the key of the secrets cannot be read: ${errorText(error)}`, {
      remedy: `Give this user the right to read ${file}.`,
      cause: error,
    });
  }
}

function textOf(keys: readonly Buffer[]): string {
  return `${keys.map((key) => key.toString('hex')).join('\n')}\n`;
}

function asideOf(file: string): string {
  return `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
}

function unwritable(file: string, error: unknown): VoltError {
  return new VoltError('data_unwritable', `the key of the secrets cannot be written: ${errorText(error)}`, {
    remedy: `Give this user the right to write ${file}.`,
    cause: error,
  });
}
