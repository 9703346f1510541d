import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { toolEnvironment } from '../kernel/environment.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { beatOf, keeperCommand, leaseRanOut } from './keeper.ts';

/**
 * How the processes of a job are held together, best first:
 * `namespace`: a PID namespace made with root's rights; `user-namespace`: one made with a user namespace around it,
 * in which set-uid programs gain nothing; `group`: a process group, and a search for a marker in the environment of
 * every process, which a hostile job can escape from.
 */
export type Containment = 'namespace' | 'user-namespace' | 'group';

/** Options of unshare(1) and nsenter(1) for each kind of namespace. */
const namespaceOptions = {
  namespace: { unshare: [], nsenter: [] },
  'user-namespace': { unshare: ['--user', '--map-current-user'], nsenter: ['--user', '--preserve-credentials'] },
} as const;

/** A PID namespace with a /proc of its own, which dies with unshare itself. */
const unshareOptions = ['--pid', '--fork', '--kill-child', '--mount-proc'] as const;

/** Descriptor on which a wrapped command line says that the command itself begins. */
export const startMark = 3;

/** Holds together everything that one job starts, and ends all of it, whatever happens to the runner. */
export class Scope {
  readonly containment: Containment;
  /** Variables that every process of the scope must be started with. */
  readonly marker: Readonly<Record<string, string>>;
  /** The process that stands for the scope, as others on this machine see it; undefined where it is not known. */
  readonly pid: number | undefined;
  readonly #ttl: number;
  readonly #keeper: ChildProcess;
  readonly #ended: Promise<void>;
  #alive = true;
  #closing = false;
  #expired = false;

  private constructor(
    containment: Containment,
    marker: Record<string, string>,
    keeperProcess: ChildProcess,
    ttl: number,
  ) {
    this.#ttl = ttl;
    this.containment = containment;
    this.marker = marker;
    this.#keeper = keeperProcess;
    this.pid = containment === 'group' ? keeperProcess.pid : firstChildOf(keeperProcess.pid);
    this.#ended = once(keeperProcess, 'exit').then(([code]) => {
      this.#alive = false;
      // which came first, the end of the lease or the wish to close, is for the keeper to tell
      this.#expired = code === leaseRanOut || !this.#closing;
    });
    // a write to a keeper that has just ended fails; its end is noticed by the event above
    keeperProcess.stdin?.on('error', () => undefined);
  }

  /**
   * @param ttl seconds for which the lease holds at first; when it has run out, everything inside is killed
   * @throws VoltError `tool_missing` when the scope cannot be made
   */
  static async open(ttl: number, containment: Containment): Promise<Scope> {
    const marker = containment === 'group' ? { JOB_SCOPE: randomUUID() } : {};
    const keeper = keeperCommand(ttl, containment === 'group' ? `JOB_SCOPE=${marker.JOB_SCOPE}` : undefined);
    const [program, ...args] =
      containment === 'group'
        ? keeper
        : ['unshare', ...namespaceOptions[containment].unshare, ...unshareOptions, ...keeper];
    // a session of its own: what is typed at the terminal of `volt up` is not meant for it
    const child = spawn(program as string, args, {
      env: toolEnvironment(),
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
      cwd: '/',
    });
    await ready(child);
    return new Scope(containment, marker, child, ttl);
  }

  /** False once everything inside has been killed. */
  get alive(): boolean {
    return this.#alive;
  }

  /**
   * True when the scope has ended without being closed, mostly because the lease ran out. A command that dies with it
   * may be seen to be dead a moment earlier, so this is to be asked after `close`.
   */
  get expired(): boolean {
    return this.#expired;
  }

  /** Resolves when everything inside has been killed, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Calls back when the lease has run out. */
  whenExpired(expired: () => void): void {
    void this.#ended.then(() => {
      if (this.expired) expired();
    });
  }

  /** Renews the lease. @param left seconds for which it holds from now, at most and by default as long as at first */
  beat(left = this.#ttl): void {
    if (this.#alive && !this.#closing) this.#keeper.stdin?.write(beatOf(left, this.#ttl));
  }

  /** Kills everything inside and resolves when it is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#keeper.stdin?.end();
    // the keeper ends by itself at once; should it not, unshare takes the namespace with it
    const late = setTimeout(() => this.#keeper.kill('SIGKILL'), 2000);
    await this.#ended;
    clearTimeout(late);
  }

  /**
   * The command line that runs `argv` inside, in the given folder, with standard error joined to standard output so
   * that the order of both is kept. It writes one byte to descriptor `startMark` when nothing of ours can fail any more:
   * without that, its exit code is that of nsenter or of the shell that enters the folder, not the command's, and what
   * they say is on standard error.
   */
  wrap(argv: readonly string[], cwd: string): string[] {
    const enterFolder = `cd "$0" && echo >&${startMark} && exec ${startMark}>&- && exec "$@" 2>&1`;
    // dash drops variables whose names are none for a shell, such as those of an action's inputs; bash passes them on.
    // "-p" keeps it from running what the job has put into BASH_ENV
    const inside = ['bash', '--norc', '--noprofile', '-p', '-c', enterFolder, cwd, ...argv];
    if (this.containment === 'group') return inside;
    const enter = [`--target=${this.pid}`, ...namespaceOptions[this.containment].nsenter, '--pid', '--mount'];
    // a session of its own, apart from nsenter's, so that a signal to the command's group does not end nsenter
    return ['nsenter', ...enter, '--', 'setsid', ...inside];
  }

  /**
   * The process group of a command that was started as `wrap` says. nsenter stays outside of it: it waits for the
   * command's end and passes its exit code or signal on.
   */
  groupOf(pid: number): number | undefined {
    return this.containment === 'group' ? pid : firstChildOf(pid);
  }
}

async function ready(child: ChildProcess): Promise<void> {
  const failed = once(child, 'error').then(([error]) => {
    throw new VoltError('tool_missing', `cannot start ${child.spawnfile}: ${errorText(error)}`, {
      remedy: 'Install bash and util-linux.',
      cause: error,
    });
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new VoltError('tool_missing', `${child.spawnfile} ended with code ${code} before the job began`, {
      remedy: 'Install bash and util-linux, and see whether this user may make namespaces.',
    });
  });
  failed.catch(() => undefined);
  ended.catch(() => undefined);
  await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, 'data'), failed, ended]);
}

/** unshare and nsenter each have exactly one child. */
function firstChildOf(pid: number | undefined): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || undefined;
  } catch {
    return undefined;
  }
}
