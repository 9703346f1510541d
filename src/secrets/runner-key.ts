import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { systemCode, VoltError } from '../kernel/errors.ts';
import { hostLabel } from '../kernel/names.ts';
import { createWhole } from '../system/write-whole.ts';
import { leaveKeyFile, readKeyFile } from './key-handover.ts';
import { keyPattern, newPrivateKey, type Signer, signerOf } from './signing.ts';

/** What a runner signs with, and what it knows of its Volt by it. */
export interface RunnerKey {
  readonly signer: Signer;
  /** what the key is called in the record; what a runner on the record's machine calls its own is a proposal */
  readonly name: string;
  /** public key by which the messages of jobs are known to come from Volt; undefined while that is not known yet */
  voltKey(): string | undefined;
}

const prefix = 'volt-runner-key';

/** The text that carries a runner's key to its machine: its name, its private half, and the public key of its Volt. */
export function runnerKeyText(name: string, privateKey: string, voltKey: string): string {
  return [prefix, name, privateKey, voltKey].join(':');
}

/** @throws VoltError `bad_setting` */
export function parseRunnerKey(text: string): RunnerKey {
  const [word, name = '', privateKey = '', voltKey = '', ...rest] = text.trim().split(':');
  if (word !== prefix || rest.length > 0 || ![privateKey, voltKey].every((key) => keyPattern.test(key))) {
    throw new VoltError('bad_setting', 'VOLT_RUNNER_KEY does not hold the key of a runner', {
      remedy: 'Give it what `volt runner-key add` has printed, whole: it begins with "volt-runner-key:".',
    });
  }
  return { name, signer: signerOf(privateKey), voltKey: () => voltKey };
}

/**
 * The key of the runners of this data directory; made where there is none. Its public half is left where the stages of the
 * record that share the directory, or that folder of it alone, find it and take it in, so that a runner beside them needs
 * nothing else.
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

/** What the key of the runners of this data directory is called in the record, where the name is free. @param host of the stage */
export function ownRunnerName(host: string): string {
  return hostLabel(host).slice('host:'.length);
}

/**
 * Public key of the runners of this data directory. Who can write to the folder is not trusted with anything else: what
 * cannot be read there is as good as nothing, and holds nobody up.
 * @returns undefined where none has left one
 */
export function publicKeyOfOwnRunner(dataDir: string): string | undefined {
  try {
    return readKeyFile(dataPaths(dataDir).runnerPublicKey);
  } catch {
    return undefined;
  }
}

/**
 * Leaves the public key of this Volt where runners that share the data directory find it. Its folder is Volt's: runners that
 * are apart can only read there.
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
