import { type ChildProcess, fork } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import {
  type CommandLine,
  type Launched,
  type Launcher,
  lineOf,
  ownLauncher,
  type Supervisor,
} from '../../exec/launcher.ts';
import { type GitListener, type GitRunner, ownRunner } from '../../git/command/runner.ts';
import { receivedError, VoltError } from '../../kernel/errors.ts';
import { sinceBoot } from '../../system/clock.ts';
import { toolEnvironment } from '../../system/environment.ts';
import { ownProgram } from '../../system/own-program.ts';
import { removeContested, removeTree } from '../../system/remove-tree.ts';
import { type Answer, heartbeatsDescriptor, type Request } from './messages.ts';

/** A request that starts a program, and later requests about it. */
type Begin = Without<Extract<Request, { kind: 'hold' | 'run' | 'git' | 'remove' }>>;
type Command = Without<Extract<Request, { kind: 'write' | 'release' | 'kill' }>>;
type Without<R> = R extends unknown ? Omit<R, 'id'> : never;
type End = Extract<Answer, { kind: 'supervisorEnded' | 'lineEnded' | 'printed' | 'removed' }>;
type EndOf<K extends End['kind']> = Extract<End, { kind: K }>;

/** A program that the launcher has started. */
interface Program<E extends End> {
  id: number;
  /** its process id */
  started: Promise<number>;
  ended: Promise<E>;
  send(command: Command): void;
  kill(): void;
}

/** Milliseconds without work after which the launcher ends. Jobs that come more often are a burst. */
const idleTime = 10_000;
/** Milliseconds after which a launcher that does not confirm a kill hangs, and is killed itself. */
const killPatience = 5000;

/** Starts the programs of one job: its supervisor, its steps and the git of its checkouts. */
export interface JobLauncher extends Launcher {
  /** see `GitOptions.runner` */
  git: GitRunner;
  /** Aborts when the launcher has ended, and with it the programs of the job. */
  lost: AbortSignal;
}

const ownPrograms: JobLauncher = { ...ownLauncher, git: ownRunner, lost: new AbortController().signal };
// any number of jobs may run
setMaxListeners(0, ownPrograms.lost);

/** The launcher has ended before it did what was asked. */
class ProcessLost extends VoltError {
  constructor() {
    super('spawn_failed', 'the launcher, which starts programs, has ended', {
      remedy: 'Volt starts it again when needed; see whether something has killed it.',
    });
  }
}

/**
 * Starts the programs of many jobs from a process of its own. Node starts a program by fork(2), which copies the tables
 * of all memory of the process, blocks it until the child executes the program, and makes it copy each page that it
 * writes to in the meantime. In a busy Volt that takes some 10 ms for each program, in a process with little memory
 * below one. In a burst of one-step jobs the launcher takes 90 % of the forks off the main process, most of them for
 * git. To have each job's supervisor start the steps would take off 29 %.
 * A single job is not worth the launcher; until it is ready, the main process starts the programs.
 * If the launcher is killed, its programs end, since their supervisors' input ends, and the jobs are lost.
 */
export class LauncherProcess {
  #process: LauncherChild | undefined;
  #lastJob = Number.NEGATIVE_INFINITY;
  readonly #removals = new Set<Promise<unknown>>();

  /**
   * To be called when a job begins. The job's process group must be opened at once, since a launcher without work ends.
   */
  forJob(): JobLauncher {
    const begunBefore = performance.now() - this.#lastJob;
    this.#lastJob = performance.now();
    const { isOver = true, wasUseful = true } = this.#process ?? {};
    if (begunBefore < idleTime && isOver && wasUseful) this.#process = LauncherChild.start();
    return this.#process?.isReady ? this.#process : ownPrograms;
  }

  /**
   * Removes a folder of a job, which takes some hundred system calls.
   * @param contested whether a process may still work in it, see `removeContested`
   * @throws system errors
   */
  async remove(path: string, contested: boolean): Promise<void> {
    const own = () => (contested ? removeContested(path) : removeTree(path));
    const byProcess = async (process: LauncherChild) =>
      process.remove(path, contested).catch((error) => {
        if (error instanceof ProcessLost) return own();
        throw error;
      });
    const removed = this.#process?.isReady ? byProcess(this.#process) : own();
    this.#removals.add(removed);
    await removed.finally(() => this.#removals.delete(removed));
  }

  /** Ends the launcher, and with it the programs that it has started, once the folders are removed. */
  async close(): Promise<void> {
    while (this.#removals.size > 0) await Promise.allSettled(this.#removals);
    this.#process?.end();
    this.#process = undefined;
  }
}

class LauncherChild implements JobLauncher {
  readonly #losing = new AbortController();
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { hear(answer: Answer): void; lose(): void }>();
  #last = 0;
  #isReady = false;
  #idle: NodeJS.Timeout | undefined;

  /** @returns undefined where it cannot be started */
  static start(): LauncherChild | undefined {
    try {
      return new LauncherChild();
    } catch {
      return undefined;
    }
  }

  private constructor() {
    this.#child = fork(ownProgram(import.meta.url, 'process', 'launcher'), {
      env: toolEnvironment(),
      // the less memory it has, the faster it starts a program
      execArgv: [...process.execArgv, '--max-semi-space-size=1'],
      // what is typed at the terminal of `volt up` is not meant for it
      detached: true,
      // the last one is for the heartbeat thread, which does not depend on this thread
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'],
    });
    this.#child.unref();
    const beats = this.#child.stdio[heartbeatsDescriptor];
    if (beats instanceof Socket) beats.unref().on('error', () => undefined);
    this.#child.once('message', () => {
      this.#isReady = true;
      this.#child.on('message', (answer: Answer) => this.#open.get(answer.id)?.hear(answer));
    });
    setMaxListeners(0, this.lost);
    for (const event of ['error', 'disconnect'] as const) {
      this.#child.on(event, () => {
        // the jobs must learn of it before their programs fail
        this.#losing.abort();
        this.#loseAll();
      });
    }
    this.#count();
  }

  get lost(): AbortSignal {
    return this.#losing.signal;
  }

  get isOver(): boolean {
    return !this.#child.connected;
  }

  /** Whether it takes requests. */
  get isReady(): boolean {
    return this.#isReady && !this.isOver;
  }

  /** False if it has ended without ever being ready: another one would do the same. */
  get wasUseful(): boolean {
    return this.#isReady || !this.isOver;
  }

  async hold(line: CommandLine): Promise<Supervisor> {
    const { id, started, ended, send, kill } = this.#begin<EndOf<'supervisorEnded'>>({ kind: 'hold', line });
    const beats = lineOf(this.#child.stdio[heartbeatsDescriptor]);
    const code = ended.then(
      (end) => end.code,
      () => null,
    );
    return {
      pid: await started,
      ended: code,
      line: beats && { ...beats, id },
      write: (text) => send({ kind: 'write', text, at: sinceBoot() }),
      release: () => send({ kind: 'release' }),
      kill,
    };
  }

  async run(line: CommandLine, output: number): Promise<Launched> {
    const { dev, ino } = fstatSync(output);
    // it has the same user, who may open what this process has open
    const pipe = { path: `/proc/${process.pid}/fd/${output}`, dev, ino };
    const { started, ended, kill } = this.#begin<EndOf<'lineEnded'>>({ kind: 'run', line, pipe });
    const end = ended.then((answer) => answer.end);
    end.catch(() => undefined);
    return { pid: await started, ended: end, kill };
  }

  readonly git: GitRunner = async (command, hearer) => {
    const { signal, progress, warning } = hearer;
    signal?.throwIfAborted();
    const begin = { kind: 'git', command, progress: progress !== undefined, warning: warning !== undefined } as const;
    const { ended, kill } = this.#begin<EndOf<'printed'>>(begin, hearer);
    signal?.addEventListener('abort', kill, { once: true });
    try {
      return (await ended).text;
    } finally {
      signal?.removeEventListener('abort', kill);
    }
  };

  async remove(path: string, contested: boolean): Promise<void> {
    await this.#begin({ kind: 'remove', path, contested }).ended;
  }

  end(): void {
    if (!this.isOver) this.#child.disconnect();
  }

  /** @param hearer hears git's progress and warnings */
  #begin<E extends End>(begin: Begin, hearer: GitListener = {}): Program<E> {
    const id = ++this.#last;
    let start: (pid: number) => void = () => undefined;
    let notStart: (error: Error) => void = () => undefined;
    const started = new Promise<number>((resolve, reject) => {
      start = resolve;
      notStart = reject;
    });
    started.catch(() => undefined);
    const patience: NodeJS.Timeout[] = [];
    const stopWaiting = () => patience.splice(0).forEach(clearTimeout);
    const ended = new Promise<E>((resolve, reject) => {
      const settle = () => {
        this.#open.delete(id);
        stopWaiting();
        this.#count();
      };
      const fail = (error: Error) => {
        settle();
        notStart(error);
        reject(error);
      };
      const hear = (answer: Answer) => {
        if (answer.kind === 'started') start(answer.pid);
        else if (answer.kind === 'heard') stopWaiting();
        else if (answer.kind === 'progress' || answer.kind === 'warning') hearer[answer.kind]?.(answer.line);
        else if (answer.kind === 'failed') fail(receivedError(answer.error));
        else {
          settle();
          resolve(answer as E);
        }
      };
      this.#open.set(id, { hear, lose: () => fail(new ProcessLost()) });
    });
    ended.catch(() => undefined);
    this.#count();
    if (this.isOver) this.#loseAll();
    else this.#send({ id, ...begin });
    const send = (command: Command) => {
      if (this.#open.has(id)) this.#send({ id, ...command });
    };
    const kill = () => {
      send({ kind: 'kill' });
      // nobody waits for the answer of a launcher that hangs
      if (this.#open.has(id)) patience.push(setTimeout(() => this.#child.kill('SIGKILL'), killPatience));
    };
    return { id, started, ended, send, kill };
  }

  /** Without work, the launcher keeps no process from ending, and soon ends itself. */
  #count(): void {
    clearTimeout(this.#idle);
    if (this.#open.size > 0) this.#child.channel?.ref();
    else {
      this.#child.channel?.unref();
      this.#idle = setTimeout(() => this.end(), idleTime).unref();
    }
  }

  #send(request: Request): void {
    // a launcher that has just ended takes no request; its event handles that
    this.#child.send(request, () => undefined);
  }

  #loseAll(): void {
    for (const { lose } of this.#open.values()) lose();
  }
}
