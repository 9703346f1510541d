import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { toolEnvironment } from '../../system/environment.ts';
import { firstChildOf, sendSignal } from '../../system/processes.ts';
import { within } from '../../system/wait.ts';
import { inEnglish } from '../capability-check.ts';
import { programPath } from '../programs.ts';
import { line } from './filter.ts';

/**
 * User id of the programs of a job's network where Volt is root. Not a job's id: the owner of a network's user namespace can change
 * its rules. No system gives this id to anybody, see systemd's UIDS-GIDS.md.
 */
const networkUser = 65_533;

/** Seconds; long, because a busy machine can be slow. What cannot work fails at once. */
const patience = 30;
/** Milliseconds to wait for the last output; a process that is left over may keep the pipe open. */
const wordsTime = 500;

/**
 * Process 1 of the namespace that pasta(1) makes. It applies rules, one line each, until its input ends. Then, or when nft refuses a
 * rule, it exits, and pasta and the network end.
 */
const supervisor = `
while IFS= read -r rules; do nft -f - <<<"$rules" || exit 4; echo done; done`;

/** Makes its own device, whatever the permissions of the machine's: only root and pasta see it. */
const ownDevice = `
[ -d /dev/net ] || mkdir /dev/net
if mount -t tmpfs -o mode=755,size=64k none /dev/net; then mknod -m 666 /dev/net/tun c 10 200 || umount /dev/net; fi 2>/dev/null
exec "$@"`;

/** The machine's network, only a loopback without routes, or a network made for the job. */
export type GroupNetwork = 'machine' | 'loopback' | JobNetwork;

/**
 * The network of one job, with rules that the job cannot change: the network namespace belongs to a user namespace in which the
 * job has no rights. pasta, outside of the namespace, makes the connections that the rules allow.
 */
export class JobNetwork {
  /** whether it can reach private networks */
  readonly trusted: boolean;
  /** a process in its namespaces */
  readonly pid: number;
  readonly #inode: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #alive = true;

  private constructor(trusted: boolean, pid: number, child: ChildProcess, ended: Promise<void>) {
    this.trusted = trusted;
    this.pid = pid;
    this.#inode = networkOf(pid);
    this.#child = child;
    this.#ended = ended.then(() => {
      this.#alive = false;
    });
  }

  /**
   * @param rules see `filterRules`
   * @throws VoltError `tool_missing` where no network can be made
   */
  static async open(trusted: boolean, rules: string): Promise<JobNetwork> {
    const [program = '', ...args] = commandLine();
    const env = inEnglish(toolEnvironment());
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true, cwd: '/' });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-500);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.write(`${rules}\n`);
    const failed = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(errorText(error)));
      child.once('exit', async (code) => {
        await within(closed, wordsTime);
        resolve(said.trim().replaceAll('\n', '; ') || `it ended with code ${code}`);
      });
    });
    const heard = new Promise<undefined>((resolve) => child.stdout.once('data', () => resolve(undefined)));
    const late = `it did not start within ${patience} s`;
    const why = await within(Promise.race([heard.then(() => ''), failed]), patience * 1000).then(
      (text) => text ?? late,
    );
    const pid = why === '' ? firstChildOf(child.pid) : undefined;
    if (pid === undefined) {
      killAll(child);
      throw new VoltError('tool_missing', `no network can be made for a job: ${why || 'its process is gone'}`, {
        remedy: networkRemedy,
      });
    }
    return new JobNetwork(trusted, pid, child, ended);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Whether a process is in this network. */
  has(pid: number | undefined): boolean {
    return pid !== undefined && this.#alive && networkOf(pid) === this.#inode;
  }

  /** @param rules in the syntax of nft(8), on one line */
  change(rules: string): void {
    if (this.#alive) this.#child.stdin?.write(`${rules}\n`);
  }

  /** Resolves when its processes have ended. The namespace lasts as long as another process is in it. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    const late = setTimeout(() => killAll(this.#child), 2000);
    await this.#ended;
    clearTimeout(late);
  }
}

export const networkRemedy =
  'Install pasta and nft (Debian, Ubuntu: apt-get install passt nftables), and allow this user to make namespaces and to open /dev/net/tun; see docs/isolation.md.';

function commandLine(): string[] {
  const shell = [programPath('bash'), '--norc', '--noprofile', '-c'];
  const { ipv4, ipv6 } = line;
  const pasta = [
    ...[programPath('pasta'), '--config-net', '--quiet', '--foreground', '--ns-ifname', 'eth0'],
    ...['--address', ipv4.job, '--netmask', String(ipv4.bits), '--gateway', ipv4.gateway],
    ...['--dns-forward', ipv4.resolver],
    ...['--address', ipv6.job, '--gateway', ipv6.gateway, '--dns-forward', ipv6.resolver],
    // no access to the machine's loopback, and no forwarded ports in either direction
    ...['--no-map-gw', '-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none', '--no-dhcp', '--no-dhcpv6', '--no-ra'],
    ...['--', ...shell, supervisor, 'volt-network'],
  ];
  if (process.getuid?.() !== 0) return pasta;
  const asNobody = [programPath('setpriv'), `--reuid=${networkUser}`, `--regid=${networkUser}`, '--clear-groups', '--'];
  return [programPath('unshare'), '--mount', '--', ...shell, ownDevice, 'volt-network', ...asNobody, ...pasta];
}

/** Kills the whole group: the process that pasta made for its command waits for ever if pasta ended too early. */
function killAll({ pid }: ChildProcess): void {
  if (pid !== undefined) sendSignal(-pid, 'SIGKILL');
}

/** The inode of a process's network namespace; 0 if the process has ended. */
function networkOf(pid: number): number {
  return statSync(`/proc/${pid}/ns/net`, { throwIfNoEntry: false })?.ino ?? 0;
}
