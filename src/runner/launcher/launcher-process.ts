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
import { type GitHearer, type GitRunner, ownRunner } from '../../git/command.ts';
import { receivedError, VoltError } from '../../kernel/errors.ts';
import { sinceBoot } from '../../system/clock.ts';
import { toolEnvironment } from '../../system/environment.ts';
import { ownProgram } from '../../system/own-program.ts';
import { removeContested, removeTree } from '../../system/remove-tree.ts';
import { type Answer, beatsDescriptor, type Request } from './messages.ts';

/** What begins a program, and what is said to it later. */
type Begin = Without<Extract<Request, { kind: 'hold' | 'run' | 'git' | 'remove' }>>;
type Word = Without<Extract<Request, { kind: 'write' | 'release' | 'kill' }>>;
type Without<R> = R extends unknown ? Omit<R, 'id'> : never;
type End = Extract<Answer, { kind: 'holderEnded' | 'lineEnded' | 'printed' | 'removed' }>;
type EndOf<K extends End['kind']> = Extract<End, { kind: K }>;

/** A program that another process has started for this one. */
interface Program<E extends End> {
  id: number;
  /** its process id */
  started: Promise<number>;
  ended: Promise<E>;
  tell(word: Word): void;
  kill(): void;
}

/** Milliseconds without anything to do after which the process ends; jobs that come in shorter intervals are many. */
const idleTime = 10_000;
/** A process that does not hear for this long (ms) that it is to kill something hangs. */
const killPatience = 5000;

/** What starts the programs of one job, from the first to the last. */
export interface JobLauncher extends Launcher {
  /** see `GitOptions.runner` */
  git: GitRunner;
  /** Aborts when what it has started is lost. */
  lost: AbortSignal;
}

const ownPrograms: JobLauncher = { ...ownLauncher, git: ownRunner, lost: new AbortController().signal };
// any number of jobs may run
setMaxListeners(0, ownPrograms.lost);

/** The process has ended before what it was asked for was done. */
class ProcessLost extends VoltError {
  constructor() {
    super('spawn_failed', 'the process that starts programs has ended', {
      remedy: 'It is started anew when it is needed; see whether something has killed it.',
    });
  }
}

/**
 * Has the programs of many jobs started by a process of its own. Node starts one by fork(2), which copies the tables of all
 * memory that the process has, holds the process up until the child executes the program, and has it copy each page that it
 * writes to meanwhile. In a busy Volt that is some 10 ms for each program, in a process that has nothing else it is below one.
 * A job that comes alone is not worth that process; until it is there, this one starts the programs.
 *
 * Should it be killed, what it has started is over, and so are the jobs that are served by it: their process groups' processes end
 * with their holders' input.
 */
export class LauncherProcess {
  #process: LauncherChild | undefined;
  #lastJob = Number.NEGATIVE_INFINITY;
  readonly #removals = new Set<Promise<unknown>>();

  /** To be asked when a job begins, whose process group is held at once: what has nothing to do may end. */
  forJob(): JobLauncher {
    const begunBefore = performance.now() - this.#lastJob;
    this.#lastJob = performance.now();
    const { isOver = true, wasOfUse = true } = this.#process ?? {};
    if (begunBefore < idleTime && isOver && wasOfUse) this.#process = LauncherChild.start();
    return this.#process?.isReady ? this.#process : ownPrograms;
  }

  /**
   * Removes a folder of a job, which costs some hundred calls of the system.
   * @param contested whether somebody else may be at work in it, see `removeContested`
   * @throws system errors
   */
  async remove(path: string, contested: boolean): Promise<void> {
    const own = () => (contested ? removeContested(path) : removeTree(path));
    const removed = this.#process?.isReady
      ? this.#process.remove(path, contested).catch((error) => {
          if (error instanceof ProcessLost) return own();
          throw error;
        })
      : own();
    this.#removals.add(removed);
    try {
      await removed;
    } finally {
      this.#removals.delete(removed);
    }
  }

  /** Ends the process when what is to be removed is, and with it what it has started. */
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
      // the less memory it has, the sooner it has started a program
      execArgv: [...process.execArgv, '--max-semi-space-size=1'],
      // what is typed at the terminal of `volt up` is not meant for it
      detached: true,
      // the last one is for the thread that keeps the lease: it needs nothing of this one
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'],
    });
    this.#child.unref();
    const beats = this.#child.stdio[beatsDescriptor];
    if (beats instanceof Socket) beats.unref().on('error', () => undefined);
    this.#child.once('message', () => {
      this.#isReady = true;
      this.#child.on('message', (answer: Answer) => this.#open.get(answer.id)?.hear(answer));
    });
    setMaxListeners(0, this.lost);
    for (const event of ['error', 'disconnect'] as const) {
      this.#child.on(event, () => {
        // a job is to know that before its programs fail
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

  /** Whether it does what it is asked for. */
  get isReady(): boolean {
    return this.#isReady && !this.isOver;
  }

  /** False for one that has ended without ever being ready: another one would do the same. */
  get wasOfUse(): boolean {
    return this.#isReady || !this.isOver;
  }

  async hold(line: CommandLine): Promise<Supervisor> {
    const { id, started, ended, tell, kill } = this.#begin<EndOf<'holderEnded'>>({ kind: 'hold', line });
    const beats = lineOf(this.#child.stdio[beatsDescriptor]);
    const code = ended.then(
      (end) => end.code,
      () => null,
    );
    return {
      pid: await started,
      ended: code,
      line: beats && { ...beats, id },
      write: (text) => tell({ kind: 'write', text, at: sinceBoot() }),
      release: () => tell({ kind: 'release' }),
      kill,
    };
  }

  async run(line: CommandLine, output: number): Promise<Launched> {
    const { dev, ino } = fstatSync(output);
    // it belongs to the same user, who may open what this process has open
    const pipe = { path: `/proc/${process.pid}/fd/${output}`, dev, ino };
    const { started, ended, kill } = this.#begin<EndOf<'lineEnded'>>({ kind: 'run', line, pipe });
    const end = ended.then((told) => told.end);
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

  /** @param hearer is told of what comes before the end, which is of the kind that the request has */
  #begin<E extends End>(begin: Begin, hearer: GitHearer = {}): Program<E> {
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
    const tell = (word: Word) => {
      if (this.#open.has(id)) this.#send({ id, ...word });
    };
    const kill = () => {
      tell({ kind: 'kill' });
      // nobody is to wait for what one that hangs would have to tell
      if (this.#open.has(id)) patience.push(setTimeout(() => this.#child.kill('SIGKILL'), killPatience));
    };
    return { id, started, ended, tell, kill };
  }

  /** Where nothing is under way, it keeps nobody from ending, and soon ends itself. */
  #count(): void {
    clearTimeout(this.#idle);
    if (this.#open.size > 0) this.#child.channel?.ref();
    else {
      this.#child.channel?.unref();
      this.#idle = setTimeout(() => this.end(), idleTime).unref();
    }
  }

  #send(request: Request): void {
    // one that has just ended takes no more; that is told by its event
    this.#child.send(request, () => undefined);
  }

  #loseAll(): void {
    for (const { lose } of this.#open.values()) lose();
  }
}
