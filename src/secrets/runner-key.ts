import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { systemCode, VoltError } from '../kernel/errors.ts';
import { hostLabel } from '../kernel/names.ts';
import { createWhole } from '../system/write-whole.ts';
import { leaveKeyFile, readKeyFile } from './key-handover.ts';
import { keyPattern, newPrivateKey, type Signer, signerOf } from './signing.ts';

/** The key with which a runner signs, and the public key of its Volt. */
export interface RunnerKey {
  readonly signer: Signer;
  /** name of the key in the database; a runner on the machine of the database proposes it */
  readonly name: string;
  /** public key that verifies the job messages of Volt; undefined while it is unknown */
  voltKey(): string | undefined;
}

const prefix = 'volt-runner-key';

/** A runner's key as text for VOLT_RUNNER_KEY: its name, its private key, and the public key of its Volt. */
export function runnerKeyText(name: string, privateKey: string, voltKey: string): string {
  return [prefix, name, privateKey, voltKey].join(':');
}

/** @throws VoltError `bad_setting` */
export function parseRunnerKey(text: string): RunnerKey {
  const [word, name = '', privateKey = '', voltKey = '', ...rest] = text.trim().split(':');
  if (word !== prefix || rest.length > 0 || ![privateKey, voltKey].every((key) => keyPattern.test(key))) {
    throw new VoltError('bad_setting', 'VOLT_RUNNER_KEY is not the key of a runner', {
      remedy: 'Set it to the whole line that `volt runner-key add` printed; it starts with "volt-runner-key:".',
    });
  }
  return { name, signer: signerOf(privateKey), voltKey: () => voltKey };
}

/**
 * The key of the runners of this data directory; creates it if it is missing. Writes its public key to a folder where stages that
 * share the directory, or only that folder, admit it, so that a runner on their machine needs no other setup.
 * @throws VoltError `data_unwritable`
 */
export function ownRunnerKey({ dataDir, host }: Pick<Config, 'dataDir' | 'host'>): RunnerKey {
  const paths = dataPaths(dataDir);
  const signer = signerOf(readOwn(paths.runnerKey) ?? createKey(paths.runnerKey));
  leaveForOthers(paths.runnerPublicKey, signer.publicKey);
  return {
    name: ownRunnerName(host),
    signer,
    voltKey: () => readOwn(paths.voltKey),
  };
}

/** The name of that key in the database, if it is free. @param host of the stage */
export function ownRunnerName(host: string): string {
  return hostLabel(host).slice('host:'.length);
}

/**
 * The public key of the runners of this data directory. Other users may write to its folder, so an unreadable file counts as
 * missing.
 * @returns undefined without a key
 */
export function publicKeyOfOwnRunner(dataDir: string): string | undefined {
  try {
    return readKeyFile(dataPaths(dataDir).runnerPublicKey);
  } catch {
    return undefined;
  }
}

/**
 * Writes the public key of this Volt for runners that share the data directory. They can only read its folder.
 * @throws VoltError `data_unwritable`
 */
export function leaveVoltKey(dataDir: string, voltKey: string): void {
  leaveForOthers(dataPaths(dataDir).voltKey, voltKey);
}

function leaveForOthers(file: string, publicKey: string): void {
  try {
    if (keyOf(file) !== publicKey) leaveKeyFile(file, publicKey);
  } catch (error) {
    throw unusable(file, error);
  }
}

function readOwn(file: string): string | undefined {
  try {
    return keyOf(file);
  } catch (error) {
    throw unusable(file, error);
  }
}

/** @returns undefined also where there is no such file, or a link */
function keyOf(file: string): string | undefined {
  try {
    return readKeyFile(file);
  } catch (error) {
    if (['ENOENT', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

function unusable(file: string, error: unknown): VoltError {
  return new VoltError('data_unwritable', `cannot use ${file}: ${String(error)}`, {
    remedy: 'Be the user whose Volt it is, or give this one a data directory of its own.',
    cause: error,
  });
}

/** Several runners may start at once; they all use the key that is created first. */
function createKey(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  createWhole(file, `${newPrivateKey()}\n`, { mode: 0o600, flush: true });
  const key = readOwn(file);
  if (key !== undefined) return key;
  throw new VoltError('data_unwritable', `${file} does not hold the key of a runner`, {
    remedy: 'Remove it; the runner makes another.',
  });
}
