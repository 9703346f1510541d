import { randomUUID } from 'node:crypto';
import { VoltError } from '../kernel/errors.ts';
import { heartbeatText } from '../kernel/supervisor-heartbeat.ts';
import { toolEnvironment } from '../system/environment.ts';
import { firstChildOf } from '../system/processes.ts';
import { sandboxCommand } from './bubblewrap.ts';
import { CarriedEnvironment } from './carried-environment.ts';
import { ControlGroup } from './control-group.ts';
import type { Isolation, JobUser, OwnFolder, SandboxPath } from './isolation.ts';
import { type Launcher, ownLauncher, type Supervisor, type SupervisorLine, startMark } from './launcher.ts';
import { type Limits, limitingLines } from './limits.ts';
import type { GroupNetwork } from './network/job-network.ts';
import { withOverlays } from './overlay.ts';
import { type OwnRoot, ownRootCommand, withSubordinateIds } from './own-root.ts';
import { programPath } from './programs.ts';
import { leaseRanOut, supervisorCommand } from './supervisor.ts';

/**
 * How the processes of a job are held together, best first:
 * `namespace`: a PID namespace that root made; `user-namespace`: a PID namespace inside a user namespace, in which set-uid
 * programs give no rights; `group`: a Unix process group and a search for a marker in the environment of all processes, from
 * which a hostile job can escape.
 */
export type GroupKind = 'namespace' | 'user-namespace' | 'group';

/** A PID namespace with its own /proc, which ends with unshare. */
const unshareOptions = ['--pid', '--fork', '--kill-child', '--mount-proc'] as const;

export interface ProcessGroupOptions {
  /** the default is `none`; other levels need a group kind with namespaces, and another user needs root's */
  isolation?: Isolation;
  /** the default is the machine's */
  network?: GroupNetwork;
  limits?: Limits;
  /** starts its processes; the default is this process */
  launcher?: Launcher;
}

/** Holds all processes of one job together, and ends all of them, whatever happens to the runner. */
export class ProcessGroup {
  readonly groupKind: GroupKind;
  readonly isolation: Isolation;
  readonly network: GroupNetwork;
  readonly limits: Limits;
  /** Variables for every process of the group. */
  readonly marker: Readonly<Record<string, string>>;
  /** Process id of the supervisor, as the machine sees it; undefined where it is unknown. */
  readonly pid: number | undefined;
  readonly launcher: Launcher;
  #isEntered = false;
  readonly #environment = new CarriedEnvironment();
  readonly #group: ControlGroup | undefined;
  #breach: string | undefined;
  readonly #ttl: number;
  readonly #supervisor: Supervisor;
  readonly #ended: Promise<void>;
  #alive = true;
  #closing = false;
  #expired = false;
  #isEmpty = false;

  private constructor(
    groupKind: GroupKind,
    { isolation, network, limits, launcher }: Required<ProcessGroupOptions>,
    marker: Record<string, string>,
    supervisor: Supervisor,
    ttl: number,
  ) {
    this.#ttl = ttl;
    this.groupKind = groupKind;
    this.isolation = isolation;
    this.network = network;
    this.limits = limits;
    // joining a group costs one more process per command, which only a memory limit is worth
    this.#group = limits.memory === undefined ? undefined : ControlGroup.create(randomUUID(), limits);
    this.marker = marker;
    this.launcher = launcher;
    this.#supervisor = supervisor;
    this.pid = groupKind === 'group' ? supervisor.pid : firstChildOf(supervisor.pid);
    this.#ended = supervisor.ended.then((code) => {
      this.#alive = false;
      // the supervisor knows what came first, the end of the lease or the request to close
      this.#expired = code === leaseRanOut || !this.#closing;
      // process 1 of a namespace exits only after all others in it, see pid_namespaces(7)
      this.#isEmpty = groupKind !== 'group' && code !== null;
    });
  }

  /**
   * @param ttl seconds that the lease holds at first; when it runs out, all processes are killed
   * @throws VoltError `tool_missing` when the process group cannot be made, `spawn_failed` when its network is gone
   */
  static async open(ttl: number, groupKind: GroupKind, options: ProcessGroupOptions = {}): Promise<ProcessGroup> {
    const whole = {
      isolation: { level: 'none' },
      network: 'machine',
      limits: {},
      launcher: ownLauncher,
      ...options,
    } as const;
    const { isolation, network, launcher } = whole;
    const marker = groupKind === 'group' ? { JOB_SCOPE: randomUUID() } : {};
    const command = supervisorCommand(ttl, groupKind === 'group' ? `JOB_SCOPE=${marker.JOB_SCOPE}` : undefined);
    const argv = [...supervisedBy(groupKind, isolation, network), ...command];
    const supervisor = await launcher.hold({ argv, env: toolEnvironment() });
    const processes = new ProcessGroup(groupKind, whole, marker, supervisor, ttl);
    // the process id of the network may belong to another process by now
    if (typeof network === 'string' || network.has(processes.pid)) return processes;
    await processes.close();
    throw new VoltError('spawn_failed', "the job's network ended before the job began", {
      remedy: 'Retry the job, and check whether something kills pasta processes.',
    });
  }

  /** False once all processes are killed. */
  get alive(): boolean {
    return this.#alive;
  }

  /**
   * True when the process group ended without `close`, mostly because the lease ran out. Read it after `close`: a command
   * may end a moment before.
   */
  get expired(): boolean {
    return this.#expired;
  }

  /**
   * Whether it is certain that no process of the job is left. Read it after `close`. Without a namespace a process may have
   * escaped; if the supervisor had to be killed, the last processes may still be ending.
   */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Whether `wrap` was called. Before that, no process of the job exists. */
  get isEntered(): boolean {
    return this.#isEntered;
  }

  /** Resolves when all processes are killed, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** A limit that the job reached and that the exit of its commands does not show, as part of a sentence. Read it after `close`. */
  get breach(): string | undefined {
    return this.#breach;
  }

  /** Calls back when the lease runs out. */
  whenExpired(expired: () => void): void {
    void this.#ended.then(() => {
      if (this.expired) expired();
    });
  }

  /** Renews the lease. @param left seconds that it holds from now; at most, and by default, `ttl` */
  beat(left = this.#ttl): void {
    if (this.#alive && !this.#closing) this.#supervisor.write(heartbeatText(left, this.#ttl));
  }

  /** How another thread can renew the lease; undefined where only `beat` can. */
  get line(): SupervisorLine | undefined {
    return this.#supervisor.line;
  }

  /** Kills all processes; resolves when they are gone. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#supervisor.release();
    // the supervisor normally exits at once; killing unshare ends the namespace, too
    const late = setTimeout(() => this.#supervisor.kill(), 2000);
    await this.#ended;
    clearTimeout(late);
    this.#breach ??= this.#group?.breach();
    await this.#group?.remove();
  }

  /**
   * The command line that runs `argv` in the group and in a folder. Standard error goes to standard output, which keeps the order
   * of both. The line writes one byte to descriptor `startMark` right before the command starts. Without that byte, exit code and
   * standard error are those of nsenter or of the shell that enters the folder, not the command's.
   * @param root instead of the job's user; only for isolated jobs
   */
  wrap(argv: readonly string[], cwd: string, root?: OwnRoot): string[] {
    this.#isEntered = true;
    const enterFolder = `cd "$0" && echo >&${startMark} && exec ${startMark}>&- && exec "$@" 2>&1`;
    const grouped = this.#group !== undefined;
    const limiting = limitingLines(this.limits, { grouped, counted: this.isolation.level !== 'none' });
    const script = [...limiting, this.#environment.unpacking, enterFolder].join('\n');
    // dash drops variables whose names no shell can set, such as inputs of an action; bash passes them on.
    // "-p" keeps bash from running the file in the job's BASH_ENV
    const inside = [programPath('bash'), '--norc', '--noprofile', '-p', '-c', script, cwd, ...argv];
    if (this.groupKind === 'group') return this.#grouped(inside);
    const { isolation } = this;
    const enter = [programPath('nsenter'), `--target=${this.pid}`, '--pid', '--mount'];
    if (this.groupKind === 'user-namespace') enter.push('--user', '--preserve-credentials');
    if (this.network !== 'machine') enter.push('--net');
    if (isolation.level === 'sandbox') enter.push('--ipc', '--uts');
    const rights = root ? ownRootCommand(this.groupKind === 'namespace', root) : lowered(this.groupKind, isolation);
    // its own session, so that a signal to the command's group does not end nsenter
    return this.#grouped([...[...enter, '--', ...rights], ...[programPath('setsid'), ...inside]]);
  }

  /** Joins the control group outside of the sandbox, since the job cannot reach its folders. */
  #grouped(argv: string[]): string[] {
    if (!this.#group) return argv;
    const join = `${this.#group.joining} && exec "$@"`;
    return [programPath('bash'), '--norc', '--noprofile', '-p', '-c', join, 'volt-group', ...argv];
  }

  /** The environment for the command line from `wrap`. @param env of the command */
  environment(env: Readonly<Record<string, string>>): Record<string, string> {
    return { ...this.#environment.pack({ ...env, ...this.marker }), ...this.marker };
  }

  /**
   * The Unix process group of a command that `wrap` started. nsenter is not in it: it waits for the command and passes its exit
   * code or signal on.
   */
  groupOf(pid: number): number | undefined {
    return this.groupKind === 'group' ? pid : firstChildOf(pid);
  }
}

/** The command line that makes the namespaces and runs the supervisor in them. */
function supervisedBy(groupKind: GroupKind, isolation: Isolation, network: GroupNetwork): string[] {
  if (groupKind === 'group') return [];
  const rootless = groupKind === 'user-namespace';
  const loopback = network === 'loopback';
  const joined = typeof network === 'string' ? [] : joining(network.pid, rootless);
  if (isolation.level === 'sandbox') {
    const { overlays } = isolation.view;
    // joining the network's user namespace makes this process root in it
    const isNew = rootless && joined.length === 0;
    const own = isNew ? [programPath('unshare'), '--user', '--map-root-user', '--mount', '--'] : [];
    const layered = overlays ? withOverlays(overlays, isNew) : [];
    const sandbox = sandboxCommand(isolation.view, { rootless, loopback });
    return [...joined, ...own, ...layered, programPath('bwrap'), ...sandbox];
  }
  // another user than root loses the right to bring loopback up with the next program
  const kept = rootless && loopback ? ['--keep-caps'] : [];
  const options = [...(rootless ? ['--user', '--map-current-user'] : []), ...kept, ...(loopback ? ['--net'] : [])];
  const alone = isolation.level === 'user' && isolation.own ? showingOnly(isolation.own) : [];
  const replaced = isolation.level === 'user' ? (isolation.replaced ?? []) : [];
  return [...joined, programPath('unshare'), ...options, ...unshareOptions, ...prepared(replaced, loopback), ...alone];
}

/** Enters the network namespace of another process. */
function joining(pid: number, rootless: boolean): string[] {
  const owner = rootless ? ['--user', '--preserve-credentials'] : [];
  return [programPath('nsenter'), `--target=${pid}`, '--net', ...owner, '--'];
}

/** What root does first in new namespaces: bring loopback up, and mount the replaced files. */
function prepared(replaced: readonly SandboxPath[], loopback: boolean): string[] {
  if (replaced.length === 0 && !loopback) return [];
  const lines = [
    ...(loopback ? ['"$0" link set lo up'] : []),
    ...replaced.map(() => 'mount --bind "$1" "$2" && shift 2'),
    'exec "$@"',
  ];
  const paths = replaced.flatMap(({ from, to }) => [from, to]);
  return [...[programPath('bash'), '--norc', '--noprofile', '-c'], lines.join(' && '), programPath('ip'), ...paths];
}

/**
 * Shows one folder and hides those beside it in the current mount namespace, then runs what follows. A descriptor keeps the
 * folder open while a tmpfs covers its path.
 */
function showingOnly({ folder, among }: OwnFolder): string[] {
  const [bash, mount, mkdir] = ['bash', 'mount', 'mkdir'].map(programPath) as [string, string, string];
  const cover = 'exec 9<"$1" && "$3" -t tmpfs -o mode=0711,size=64k volt "$2" && "$4" -m 0711 -p -- "$1"';
  const show = '"$3" --no-canonicalize --bind /proc/self/fd/9 "$1" && "$3" -o remount,ro "$2"';
  const script = `${cover} && ${show} && exec 9<&- && shift 4 && exec "$@"`;
  return [bash, '--norc', '--noprofile', '-p', '-c', script, 'volt-folder', folder, among, mount, mkdir];
}

/** Drops the rights that were needed to enter the namespaces, and those of Volt. */
function lowered(groupKind: GroupKind, isolation: Isolation): string[] {
  if (isolation.level === 'none') return [];
  const { callFilter, user } = isolation;
  const { uid, gid } = user;
  const filtered = callFilter === undefined ? [] : [`--seccomp-filter=${callFilter}`];
  const plain = ['--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'];
  if (isolation.level === 'sandbox' && isolation.ids) return [...withSubordinateIds(user, isolation.ids), ...filtered];
  if (groupKind === 'namespace') return [programPath('setpriv'), ...identity(user), ...plain, ...filtered];
  // the supervisor stays root of the outer namespace, where ptrace cannot reach it
  const own = [programPath('unshare'), '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
  return [...own, programPath('setpriv'), '--no-new-privs', ...filtered];
}

function identity({ uid, gid }: JobUser): string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
}
