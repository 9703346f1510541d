import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { VoltError } from '../kernel/errors.ts';
import { heartbeatText } from '../kernel/supervisor-heartbeat.ts';
import { toolEnvironment } from '../system/environment.ts';
import { CarriedEnvironment } from './carried-environment.ts';
import { ControlGroup } from './control-group.ts';
import type { Isolation, JobUser, OwnFolder, SandboxPath } from './isolation.ts';
import { type Launcher, ownLauncher, type Supervisor, type SupervisorLine, startMark } from './launcher.ts';
import { type Limits, limitingLines } from './limits.ts';
import type { GroupNetwork } from './network/job-network.ts';
import { withOverlays } from './overlay.ts';
import { programPath } from './programs.ts';
import { sandboxCommand } from './sandbox.ts';
import { leaseRanOut, supervisorCommand } from './supervisor.ts';

/**
 * How the processes of a job are held together, best first:
 * `namespace`: a PID namespace made with root's rights; `user-namespace`: one made with a user namespace around it,
 * in which set-uid programs gain nothing; `group`: a process group, and a search for a marker in the environment of
 * every process, which a hostile job can escape from.
 */
export type GroupKind = 'namespace' | 'user-namespace' | 'group';

/** A PID namespace with a /proc of its own, which dies with unshare itself. */
const unshareOptions = ['--pid', '--fork', '--kill-child', '--mount-proc'] as const;

export interface ProcessGroupOptions {
  /** anything but `none`, the default, takes a groupKind by namespaces; that of another user, those of root */
  isolation?: Isolation;
  /** that of the machine is the default */
  network?: GroupNetwork;
  limits?: Limits;
  /** what starts its processes, else this process does */
  launcher?: Launcher;
}

/** Holds together everything that one job starts, and ends all of it, whatever happens to the runner. */
export class ProcessGroup {
  readonly groupKind: GroupKind;
  readonly isolation: Isolation;
  readonly network: GroupNetwork;
  readonly limits: Limits;
  /** Variables that every process of the process group must be started with. */
  readonly marker: Readonly<Record<string, string>>;
  /** The process that stands for the process group, as others on this machine see it; undefined where it is not known. */
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
    { isolation = { level: 'none' }, network = 'machine', limits = {}, launcher = ownLauncher }: ProcessGroupOptions,
    marker: Record<string, string>,
    supervisor: Supervisor,
    ttl: number,
  ) {
    this.#ttl = ttl;
    this.groupKind = groupKind;
    this.isolation = isolation;
    this.network = network;
    this.limits = limits;
    // without a limit of memory it is not worth a further process for each command
    this.#group = limits.memory === undefined ? undefined : ControlGroup.create(randomUUID(), limits);
    this.marker = marker;
    this.launcher = launcher;
    this.#supervisor = supervisor;
    this.pid = groupKind === 'group' ? supervisor.pid : firstChildOf(supervisor.pid);
    this.#ended = supervisor.ended.then((code) => {
      this.#alive = false;
      // which came first, the end of the lease or the wish to close, is for the supervisor to tell
      this.#expired = code === leaseRanOut || !this.#closing;
      // what holds a namespace ends by itself only after the last process in it, see pid_namespaces(7)
      this.#isEmpty = groupKind !== 'group' && code !== null;
    });
  }

  /**
   * @param ttl seconds for which the lease holds at first; when it has run out, everything inside is killed
   * @throws VoltError `tool_missing` when the process group cannot be made, `spawn_failed` when the network that it is to have is gone
   */
  static async open(ttl: number, groupKind: GroupKind, options: ProcessGroupOptions = {}): Promise<ProcessGroup> {
    const { isolation = { level: 'none' }, network = 'machine', launcher = ownLauncher } = options;
    const marker = groupKind === 'group' ? { JOB_SCOPE: randomUUID() } : {};
    const command = supervisorCommand(ttl, groupKind === 'group' ? `JOB_SCOPE=${marker.JOB_SCOPE}` : undefined);
    const argv = [...supervisedBy(groupKind, isolation, network), ...command];
    const supervisor = await launcher.hold({ argv, env: toolEnvironment() });
    const processes = new ProcessGroup(groupKind, options, marker, supervisor, ttl);
    // the number of a process that has ended may be another's by now
    if (typeof network === 'string' || network.has(processes.pid)) return processes;
    await processes.close();
    throw new VoltError('spawn_failed', "the job's network has ended before the job began", {
      remedy: 'Retry the job; see whether something ends processes of pasta.',
    });
  }

  /** False once everything inside has been killed. */
  get alive(): boolean {
    return this.#alive;
  }

  /**
   * True when the process group has ended without being closed, mostly because the lease ran out. A command that dies with it
   * may be seen to be dead a moment earlier, so this is to be asked after `close`.
   */
  get expired(): boolean {
    return this.#expired;
  }

  /**
   * Whether it is certain that no process of the job is left; to be asked after `close`. Where there is no namespace, one may
   * have escaped; where its holder had to be killed, the last ones may be dying still.
   */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Whether a command was to be run inside: until then, nothing of the job can be at work. */
  get isEntered(): boolean {
    return this.#isEntered;
  }

  /** Resolves when everything inside has been killed, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** What limit the job has met that its commands' ends do not tell, as a sentence; to be asked after `close`. */
  get breach(): string | undefined {
    return this.#breach;
  }

  /** Calls back when the lease has run out. */
  whenExpired(expired: () => void): void {
    void this.#ended.then(() => {
      if (this.expired) expired();
    });
  }

  /** Renews the lease. @param left seconds for which it holds from now, at most and by default as long as at first */
  beat(left = this.#ttl): void {
    if (this.#alive && !this.#closing) this.#supervisor.write(heartbeatText(left, this.#ttl));
  }

  /** Where another thread can renew the lease by itself; undefined where that is for `beat` alone. */
  get line(): SupervisorLine | undefined {
    return this.#supervisor.line;
  }

  /** Kills everything inside and resolves when it is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#supervisor.release();
    // the supervisor ends by itself at once; should it not, unshare takes the namespace with it
    const late = setTimeout(() => this.#supervisor.kill(), 2000);
    await this.#ended;
    clearTimeout(late);
    this.#breach ??= this.#group?.breach();
    await this.#group?.remove();
  }

  /**
   * The command line that runs `argv` inside, in the given folder, with standard error joined to standard output so
   * that the order of both is kept. It writes one byte to descriptor `startMark` when nothing of ours can fail any more:
   * without that, its exit code is that of nsenter or of the shell that enters the folder, not the command's, and what
   * they say is on standard error.
   */
  wrap(argv: readonly string[], cwd: string): string[] {
    this.#isEntered = true;
    const enterFolder = `cd "$0" && echo >&${startMark} && exec ${startMark}>&- && exec "$@" 2>&1`;
    const grouped = this.#group !== undefined;
    const limiting = limitingLines(this.limits, { grouped, counted: this.isolation.level !== 'none' });
    const script = [...limiting, this.#environment.unpacking, enterFolder].join('\n');
    // dash drops variables whose names are none for a shell, such as those of an action's inputs; bash passes them on.
    // "-p" keeps it from running what the job has put into BASH_ENV
    const inside = [programPath('bash'), '--norc', '--noprofile', '-p', '-c', script, cwd, ...argv];
    if (this.groupKind === 'group') return this.#grouped(inside);
    const { isolation } = this;
    const enter = [programPath('nsenter'), `--target=${this.pid}`, '--pid', '--mount'];
    if (this.groupKind === 'user-namespace') enter.push('--user', '--preserve-credentials');
    if (this.network !== 'machine') enter.push('--net');
    if (isolation.level === 'sandbox') enter.push('--ipc', '--uts');
    // a session of its own, apart from nsenter's, so that a signal to the command's group does not end nsenter
    return this.#grouped([
      ...[...enter, '--', ...lowered(this.groupKind, isolation)],
      ...[programPath('setsid'), ...inside],
    ]);
  }

  /** It is joined from outside, where the job has no way into its folders. */
  #grouped(argv: string[]): string[] {
    if (!this.#group) return argv;
    const join = `${this.#group.joining} && exec "$@"`;
    return [programPath('bash'), '--norc', '--noprofile', '-p', '-c', join, 'volt-group', ...argv];
  }

  /** What the process that `wrap` describes is to be started with, for a command with that environment. */
  environment(env: Readonly<Record<string, string>>): Record<string, string> {
    return { ...this.#environment.pack({ ...env, ...this.marker }), ...this.marker };
  }

  /**
   * The process group of a command that was started as `wrap` says. nsenter stays outside of it: it waits for the
   * command's end and passes its exit code or signal on.
   */
  groupOf(pid: number): number | undefined {
    return this.groupKind === 'group' ? pid : firstChildOf(pid);
  }
}

/** What the supervisor is run by, in the namespaces that it keeps. */
function supervisedBy(groupKind: GroupKind, isolation: Isolation, network: GroupNetwork): string[] {
  if (groupKind === 'group') return [];
  const rootless = groupKind === 'user-namespace';
  const loopback = network === 'loopback';
  const joined = typeof network === 'string' ? [] : joining(network.pid, rootless);
  if (isolation.level === 'sandbox') {
    const { overlays } = isolation.view;
    // who owns the user namespace of the network is root in it
    const isNew = rootless && joined.length === 0;
    const own = isNew ? [programPath('unshare'), '--user', '--map-root-user', '--mount', '--'] : [];
    const layered = overlays ? withOverlays(overlays, isNew) : [];
    const sandbox = sandboxCommand(isolation.view, { rootless, loopback });
    return [...joined, ...own, ...layered, programPath('bwrap'), ...sandbox];
  }
  const options = [...(rootless ? ['--user', '--map-current-user'] : []), ...(loopback ? ['--net'] : [])];
  const alone = isolation.level === 'user' && isolation.own ? showingOnly(isolation.own) : [];
  const replaced = isolation.level === 'user' ? (isolation.replaced ?? []) : [];
  return [...joined, programPath('unshare'), ...options, ...unshareOptions, ...prepared(replaced, loopback), ...alone];
}

/** Enters the network that another process is in. */
function joining(pid: number, rootless: boolean): string[] {
  const owner = rootless ? ['--user', '--preserve-credentials'] : [];
  return [programPath('nsenter'), `--target=${pid}`, '--net', ...owner, '--'];
}

/** What root does in new namespaces before anything else: a loopback is not up by itself, and files are to be others. */
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
 * What shows one folder and hides those beside it, in the mount namespace that it is run in, before it runs what follows.
 * The folder is held open while its place is covered.
 */
function showingOnly({ folder, among }: OwnFolder): string[] {
  const [bash, mount, mkdir] = ['bash', 'mount', 'mkdir'].map(programPath) as [string, string, string];
  const cover = 'exec 9<"$1" && "$3" -t tmpfs -o mode=0711,size=64k volt "$2" && "$4" -m 0711 -p -- "$1"';
  const show = '"$3" --no-canonicalize --bind /proc/self/fd/9 "$1" && "$3" -o remount,ro "$2"';
  const script = `${cover} && ${show} && exec 9<&- && shift 4 && exec "$@"`;
  return [bash, '--norc', '--noprofile', '-p', '-c', script, 'volt-folder', folder, among, mount, mkdir];
}

/** What takes away from a command the rights that entering the namespaces took, and those that are only Volt's. */
function lowered(groupKind: GroupKind, isolation: Isolation): string[] {
  if (isolation.level === 'none') return [];
  const { callFilter, user } = isolation;
  const { uid, gid } = user;
  const filtered = callFilter === undefined ? [] : [`--seccomp-filter=${callFilter}`];
  const plain = ['--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'];
  if (groupKind === 'namespace') return [programPath('setpriv'), ...identity(user), ...plain, ...filtered];
  // the supervisor stays root of the namespace around this one, out of reach of ptrace
  const own = [programPath('unshare'), '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
  return [...own, programPath('setpriv'), '--no-new-privs', ...filtered];
}

function identity({ uid, gid }: JobUser): string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
}

/** unshare and nsenter each have exactly one child. */
function firstChildOf(pid: number | undefined): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || undefined;
  } catch {
    return undefined;
  }
}
