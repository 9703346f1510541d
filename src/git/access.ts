import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCode } from '../kernel/errors.ts';
import { type Credential, hiddenParts } from '../secrets/credential.ts';

/** The right to fetch a repository. */
export interface Access {
  /** of the repository; at another host the credential is not shown */
  url: string;
  /** asked only by a command that may need it */
  credential(): Promise<Credential | undefined>;
}

/** What one command of git is given for it. */
export interface Granted {
  environment: Record<string, string>;
  /** of git's configuration; names files and holds no secret */
  config: ConfigEntry[];
  /** texts that must not be repeated from what git says */
  hidden: string[];
}

/**
 * A folder in memory, where there is one: what is never written to a disk is never found on one. A job that is kept apart
 * from Volt must not see this place.
 */
const memory = '/dev/shm';
const prefix = 'volt-access-';
/** A folder of this age (ms) whose process is gone has been left behind by a crash. */
const leftBehind = 60_000;

let swept = false;

/**
 * Lends a credential to `work`. It is in files that only this user can read and only as long as the work lasts, never in
 * an argument, in the environment, in a URL or in a configuration of git's. The user's own helpers, agent and keys do not
 * count meanwhile: a helper would also be asked to keep what has worked.
 */
export async function lend<T>(allowed: Access | undefined, work: (granted: Granted) => Promise<T>): Promise<T> {
  const credential = await allowed?.credential();
  if (!allowed || !credential) return work({ environment: {}, config: [], hidden: [] });
  const hidden = hiddenParts(credential);
  return withPrivateFolder(async (folder) =>
    credential.kind === 'ssh'
      ? work({ environment: await sshAccess(folder, credential), config: [], hidden })
      : work({ environment: {}, config: await httpAccess(folder, allowed.url, credential), hidden }),
  );
}

/** By git-credential-store(1), which tells a password only to the host that it is for. */
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
    // an empty one forgets those of the user's configuration
    ['credential.helper', ''],
    ['credential.helper', `store --file=${quote(file)}`],
    ['credential.useHttpPath', 'false'],
  ];
}

/** By ssh_config(5) options that go before every configuration file: only this key is shown, only those hosts are believed. */
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
  const command = ['ssh', '-F', 'none', '-i', quote(key), ...options.flatMap((option) => ['-o', quote(option)])];
  return { GIT_SSH_COMMAND: command.join(' '), GIT_SSH_VARIANT: 'ssh' };
}

/** Key and value in git's configuration. */
export type ConfigEntry = readonly [key: string, value: string];

/** Configuration for one command by its environment, see git-config(1). */
export function configuration(entries: readonly ConfigEntry[]): Record<string, string> {
  if (entries.length === 0) return {};
  const variables = entries.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(entries.length), ...Object.fromEntries(variables) };
}

/** Runs `work` with a folder that only this user can read, and that is gone afterwards. */
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
  const place = await access(memory, constants.W_OK).then(
    () => memory,
    () => tmpdir(),
  );
  if (!swept) await sweep(place);
  swept = true;
  const folder = join(place, `${prefix}${process.pid}-${randomBytes(8).toString('hex')}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** Takes away what a process that was killed could not. */
async function sweep(place: string): Promise<void> {
  for (const name of await readdir(place)) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(place, name);
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    // of another user, it is not ours to take
    if (age > leftBehind) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

/** Every character that has a meaning in a URL, and for the shell that git starts its helper by. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
