import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Credential, hiddenParts } from '../../secrets/credential.ts';
import { modifiedAt } from '../../system/modified-at.ts';
import { isAlive } from '../../system/processes.ts';
import { shellWord } from '../../system/shell-word.ts';

/** The right to fetch a repository. */
export interface Access {
  /** of the repository; no other host gets the credential */
  url: string;
  /** is called only for a command that may need it */
  credential(): Promise<Credential | undefined>;
}

/** The credential as one git command gets it. */
export interface LentCredential {
  environment: Record<string, string>;
  /** git's configuration, which names files and contains no secret */
  config: ConfigEntry[];
  /** secrets that are hidden in git's messages */
  hidden: string[];
}

/**
 * A folder in memory, where there is one, so that secrets are never written to a disk. An isolated job must not see it.
 */
const memory = '/dev/shm';
const prefix = 'volt-access-';
/** A folder of this age (ms) without its process was left by a crash. */
const leftBehind = 60_000;

let swept = false;

/**
 * Runs `work` with a credential. The credential is in files that only this user can read and that exist only during the
 * work, never in an argument, the environment, a URL or git's configuration. The user's own helpers, agent and keys are
 * off during the work: git would also ask a helper to store a credential that has worked.
 */
export async function withCredential<T>(
  allowed: Access | undefined,
  work: (granted: LentCredential) => Promise<T>,
): Promise<T> {
  const credential = await allowed?.credential();
  if (!allowed || !credential) return work({ environment: {}, config: [], hidden: [] });
  const hidden = hiddenParts(credential);
  return withPrivateFolder(async (folder) =>
    credential.kind === 'ssh'
      ? work({ environment: await sshAccess(folder, credential), config: [], hidden })
      : work({ environment: {}, config: await httpAccess(folder, allowed.url, credential), hidden }),
  );
}

/** Uses git-credential-store(1), which gives a password only to its host. */
async function httpAccess(
  folder: string,
  url: string,
  { user, password }: Extract<Credential, { kind: 'https' }>,
): Promise<ConfigEntry[]> {
  const file = join(folder, 'credentials');
  const [, scheme = '', named, host = ''] = /^(https?):\/\/(?:([^/?#]*)@)?([^/?#]+)/i.exec(url) ?? [];
  // git looks for exactly the host, the port and the user name that the URL has
  const login = named === undefined ? encode(user) : named.replace(/:.*$/s, '');
  await writePrivate(file, `${scheme.toLowerCase()}://${login}:${encode(password)}@${host}\n`);
  return [
    // an empty value removes the helpers of the user's configuration
    ['credential.helper', ''],
    ['credential.helper', `store --file=${shellWord(file)}`],
    ['credential.useHttpPath', 'false'],
  ];
}

/** Uses ssh_config(5) options that override every configuration file: ssh offers only this key and trusts only these hosts. */
async function sshAccess(
  folder: string,
  { privateKey, knownHosts }: Extract<Credential, { kind: 'ssh' }>,
): Promise<Record<string, string>> {
  const key = join(folder, 'key');
  const hosts = join(folder, 'known_hosts');
  await writePrivate(key, privateKey.endsWith('\n') ? privateKey : `${privateKey}\n`);
  await writePrivate(hosts, knownHosts.endsWith('\n') ? knownHosts : `${knownHosts}\n`);
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=20',
    'ServerAliveInterval=20',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${hosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'ControlPath=none',
    'ForwardAgent=no',
  ];
  const command = ['ssh', '-F', 'none', '-i', key, ...options.flatMap((option) => ['-o', option])].map(shellWord);
  return { GIT_SSH_COMMAND: command.join(' '), GIT_SSH_VARIANT: 'ssh' };
}

/** Key and value in git's configuration. */
export type ConfigEntry = readonly [key: string, value: string];

/** Environment variables with configuration for one command, see git-config(1). */
export function configuration(entries: readonly ConfigEntry[]): Record<string, string> {
  if (entries.length === 0) return {};
  const variables = entries.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(entries.length), ...Object.fromEntries(variables) };
}

/** Runs `work` with a folder that only this user can read, and removes it afterwards. */
export async function withPrivateFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await privateFolder();
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function writePrivate(file: string, text: string): Promise<void> {
  return writeFile(file, text, { mode: 0o600, flag: 'wx' });
}

async function privateFolder(): Promise<string> {
  const parent = await access(memory, constants.W_OK).then(
    () => memory,
    () => tmpdir(),
  );
  if (!swept) await removeLeft(parent);
  swept = true;
  const folder = join(parent, `${prefix}${process.pid}-${randomBytes(8).toString('hex')}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** Removes the folders of processes that were killed. */
async function removeLeft(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(parent, name);
    const madeAt = (await modifiedAt(folder)) ?? Date.now();
    // that of another user cannot be removed
    if (Date.now() - madeAt > leftBehind) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Encodes every character with a meaning in a URL, or in the shell by which git starts its helper. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
