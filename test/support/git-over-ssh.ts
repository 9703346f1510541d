import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './redis.ts';
import { until } from './until.ts';

const program = '/usr/sbin/sshd';

/** Whether this machine has an ssh server. */
export function hasSshd(): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A real ssh server for this user, on its own port. */
export class GitOverSsh {
  readonly #folder: string;
  readonly #port: number;
  #server: ChildProcess | undefined;
  /** further lines of its configuration, used from the next start on */
  #settings: readonly string[] = ['AcceptEnv GIT_PROTOCOL'];

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async start(): Promise<GitOverSsh> {
    // sshd needs this folder if root runs it; its package's service creates it
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const server = new GitOverSsh(mkdtempSync(join(tmpdir(), 'volt-sshd-')), await freePort());
    server.allow('');
    server.renewHostKey();
    await server.#listen();
    return server;
  }

  url(path: string): string {
    return `ssh://${userInfo().username}@127.0.0.1:${this.#port}${path}`;
  }

  /** Accepts only this key. */
  allow(publicKey: string): void {
    writeFileSync(join(this.#folder, 'authorized_keys'), `${publicKey}\n`, { mode: 0o600 });
  }

  /** The server's host key as a line for known_hosts. */
  knownHosts(): string {
    const [kind, key] = readFileSync(join(this.#folder, 'host.pub'), 'utf8').split(' ');
    return `[127.0.0.1]:${this.#port} ${kind} ${key}\n`;
  }

  /** Uses another host key from the next start on. */
  renewHostKey(): void {
    const file = join(this.#folder, 'host');
    rmSync(file, { force: true });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  }

  async restart(settings = this.#settings): Promise<void> {
    this.#settings = settings;
    await this.#end();
    await this.#listen();
  }

  async stop(): Promise<void> {
    await this.#end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listen(): Promise<void> {
    const settings = join(this.#folder, 'config');
    const lines = [
      `Port ${this.#port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(this.#folder, 'host')}`,
      `AuthorizedKeysFile ${join(this.#folder, 'authorized_keys')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PidFile none',
      ...this.#settings,
    ];
    writeFileSync(settings, `${lines.join('\n')}\n`);
    this.#server = spawn(program, ['-D', '-e', '-f', settings], { stdio: 'ignore' });
    await until('the ssh server accepts connections', () => accepts(this.#port));
  }

  async #end(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
