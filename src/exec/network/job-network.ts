import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { toolEnvironment } from '../../system/environment.ts';
import { within } from '../../system/wait.ts';
import { programPath } from '../programs.ts';
import { inEnglish } from '../trial.ts';
import { line } from './filter.ts';

/**
 * Whose rights the programs of a job's network have where Volt is root: nobody's, and not those of a job, since who owns a
 * network's user namespace may change its rules. Of the numbers that no system gives away, see systemd's UIDS-GIDS.md.
 */
const networkUser = 65_533;

/** Seconds; what does not work fails at once, and a busy machine is not to pass for one that cannot. */
const patience = 30;
/** Milliseconds in which its last words arrive; a process that it leaves may hold their pipe. */
const wordsTime = 500;

/**
 * Process 1 of the namespace that pasta(1) makes. It takes rules, a line each, until its input ends, and with it pasta and
 * the network end; a rule that is not taken ends them, too.
 */
const supervisor = `
while IFS= read -r rules; do nft -f - <<<"$rules" || exit 4; echo done; done`;

/** Has a device of its own, which may be opened whatever the machine's says: only root sees it, and pasta. */
const ownDevice = `
[ -d /dev/net ] || mkdir /dev/net
if mount -t tmpfs -o mode=755,size=64k none /dev/net; then mknod -m 666 /dev/net/tun c 10 200 || umount /dev/net; fi 2>/dev/null
exec "$@"`;

/** The machine's network; a loopback of its own without a route; or one made for the job. */
export type GroupNetwork = 'machine' | 'loopback' | JobNetwork;

/**
 * A network of one job's own, with rules that the job cannot change: a network namespace that a user namespace owns in
 * which the job has no rights. pasta, outside of it, connects for it to what the rules let through.
 */
export class JobNetwork {
  /** whether private networks are open to it */
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
   * @throws VoltError `tool_missing` where none can be made here
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
    const late = `it did not begin within ${patience} s`;
    const why = await within(Promise.race([heard.then(() => ''), failed]), patience * 1000).then(
      (text) => text ?? late,
    );
    const pid = why === '' ? childOf(child.pid) : undefined;
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

  /** Whether a process is in this network and in no other. */
  has(pid: number | undefined): boolean {
    return pid !== undefined && this.#alive && networkOf(pid) === this.#inode;
  }

  /** @param rules in the words of nft(8), on one line */
  change(rules: string): void {
    if (this.#alive) this.#child.stdin?.write(`${rules}\n`);
  }

  /** Resolves when nothing of it is left, but for the namespace, which lasts as long as a process is in it. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    const late = setTimeout(() => killAll(this.#child), 2000);
    await this.#ended;
    clearTimeout(late);
  }
}

export const networkRemedy =
  'Install pasta and nft (Debian, Ubuntu: apt-get install passt nftables), and let this user make namespaces and open /dev/net/tun; docs/isolation.md tells more.';

function commandLine(): string[] {
  const shell = [programPath('bash'), '--norc', '--noprofile', '-c'];
  const { ipv4, ipv6 } = line;
  const pasta = [
    ...[programPath('pasta'), '--config-net', '--quiet', '--foreground', '--ns-ifname', 'eth0'],
    ...[
      '--address',
      ipv4.job,
      '--netmask',
      String(ipv4.bits),
      '--gateway',
      ipv4.gateway,
      '--dns-forward',
      ipv4.resolver,
    ],
    ...['--address', ipv6.job, '--gateway', ipv6.gateway, '--dns-forward', ipv6.resolver],
    // nothing of the machine's loopback at the other end, and no port of the job's on the machine or the other way round
    ...['--no-map-gw', '-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none', '--no-dhcp', '--no-dhcpv6', '--no-ra'],
    ...['--', ...shell, supervisor, 'volt-network'],
  ];
  if (process.getuid?.() !== 0) return pasta;
  const asNobody = [programPath('setpriv'), `--reuid=${networkUser}`, `--regid=${networkUser}`, '--clear-groups', '--'];
  return [programPath('unshare'), '--mount', '--', ...shell, ownDevice, 'volt-network', ...asNobody, ...pasta];
}

/** One that pasta has made for its command waits for ever where pasta has ended before it could begin. */
function killAll({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // the whole group has ended
  }
}

/** The inode of a process's network namespace; 0 where it is gone. */
function networkOf(pid: number): number {
  return statSync(`/proc/${pid}/ns/net`, { throwIfNoEntry: false })?.ino ?? 0;
}

function childOf(pid: number | undefined): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return Number(children[0]) || undefined;
  } catch {
    return undefined;
  }
}
