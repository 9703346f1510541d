import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode, VoltError } from '../../kernel/errors.ts';
import { runProgram } from '../../system/run-program.ts';
import { withPrivateFolder, writePrivate } from './credential-files.ts';

/** A key pair for one repository: the forge gets the public key, and Volt keeps the private one. */
export interface DeployKey {
  privateKey: string;
  /** one line, as forges want it */
  publicKey: string;
}

/** Milliseconds that a tool of ssh's may take. */
const patience = 15_000;

/**
 * Makes a new Ed25519 key pair.
 * @param comment name of the owner, for the forge's list of keys
 * @throws VoltError `tool_missing`
 */
export async function makeDeployKey(comment: string): Promise<DeployKey> {
  return withPrivateFolder(async (folder) => {
    const file = join(folder, 'key');
    await ssh('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
    const [privateKey, publicKey] = await Promise.all([readFile(file, 'utf8'), readFile(`${file}.pub`, 'utf8')]);
    return { privateKey, publicKey: publicKey.trim() };
  });
}

/**
 * The key pair of a private key.
 * @throws VoltError `bad_request` where it is not a private key or needs a passphrase, `tool_missing`
 */
export async function deployKeyOf(privateKey: string): Promise<DeployKey> {
  const text = `${privateKey.trim()}\n`;
  return withPrivateFolder(async (folder) => {
    const file = join(folder, 'key');
    await writePrivate(file, text);
    const publicKey = await ssh('ssh-keygen', ['-y', '-P', '', '-f', file]).catch(nothing);
    if (publicKey !== '') return { privateKey: text, publicKey: publicKey.trim() };
    throw new VoltError('bad_request', 'this is not a private key that ssh could use without a passphrase', {
      remedy: 'Give one without a passphrase (ssh-keygen -t ed25519 -N ""), or let Volt make one.',
    });
  });
}

/**
 * The keys that a server offers now, as lines of known_hosts(5). Nothing but the network confirms them: people compare the
 * fingerprints with those that the server's operator publishes.
 * @throws VoltError `fetch_failed` where none answers, `tool_missing`
 */
export async function scanHostKeys(url: string): Promise<string> {
  const { host, port } = sshServerOf(url);
  const said = await ssh('ssh-keyscan', ['-T', '10', '-p', String(port), '--', host]).catch(nothing);
  const lines = said.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length > 0) return `${lines.join('\n')}\n`;
  throw new VoltError('fetch_failed', `no ssh server answers at ${host}, port ${port}`, {
    remedy: 'See whether this machine reaches it, or give its keys by --known-hosts FILE.',
  });
}

/**
 * Fingerprints of the keys in lines of known_hosts(5), each with its kind.
 * @throws VoltError `bad_request` where there is none, `tool_missing`
 */
export async function fingerprintsOf(knownHosts: string): Promise<string[]> {
  return withPrivateFolder(async (folder) => {
    const file = join(folder, 'known_hosts');
    await writePrivate(file, knownHosts);
    const listed = await ssh('ssh-keygen', ['-l', '-f', file]).catch(nothing);
    const found = [...listed.matchAll(/^\d+ (\S+) .*\((\S+)\)$/gm)].map(([, print, kind]) => `${kind} ${print}`);
    if (found.length > 0) return found;
    throw new VoltError('bad_request', 'these are no lines of a known_hosts file', {
      remedy: 'Each has a host, the kind of a key, and the key, as `ssh-keyscan <host>` prints them.',
    });
  });
}

/** Host and port of an ssh URL, in either of its forms. */
function sshServerOf(url: string): { host: string; port: number } {
  if (/^ssh:\/\//i.test(url)) {
    const { hostname, port } = new URL(url);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 22 : Number(port) };
  }
  return { host: /^(?:[^@/]*@)?([^:]+):/.exec(url)?.[1] ?? '', port: 22 };
}

/** A tool that fails has found nothing. @throws VoltError where there is no such tool */
function nothing(error: unknown): string {
  if (error instanceof VoltError) throw error;
  return '';
}

/** Runs one of OpenSSH's tools. @returns what it prints */
async function ssh(tool: string, args: string[]): Promise<string> {
  try {
    return await runProgram(tool, args, { timeout: patience });
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    throw new VoltError('tool_missing', `there is no ${tool} on the machine of the web stage`, {
      remedy: 'Install OpenSSH (Debian, Ubuntu: apt-get install openssh-client).',
      cause: error,
    });
  }
}
