import { type ChildProcess, fork } from 'node:child_process';
import {
  type CommandLine,
  type Holder,
  type LineEnd,
  ownStarter,
  type Running,
  type Starter,
} from '../../exec/starter.ts';
import { type GitHearer, type GitRunner, ownRunner } from '../../git/command.ts';
import { toolEnvironment } from '../../kernel/environment.ts';
import { VoltError } from '../../kernel/errors.ts';
import { ownProgram } from '../../kernel/own-program.ts';
import { removeContested, removeTree } from '../../kernel/remove-tree.ts';
import type { Answer, Request, SentError } from './messages.ts';

/** What begins a program, and what is said to it later. */
type Begin = Without<Extract<Request, { kind: 'hold' | 'run' | 'git' | 'remove' }>>;
type Word = Without<Extract<Request, { kind: 'write' | 'release' | 'kill' }>>;
type Without<R> = R extends unknown ? Omit<R, 'id'> : never;
type End = Extract<Answer, { kind: 'holderEnded' | 'lineEnded' | 'printed' | 'removed' }>;

/** A program that another process has started for this one. */
interface Program {
  /** its process id */
  started: Promise<number>;
  ended: Promise<End>;
  tell(word: Word): void;
}

/** Milliseconds without anything to do after which the process ends; jobs that come in shorter intervals are many. */
const idleTime = 10_000;

/**
 * Starts the programs of many jobs from a process of its own. Node starts one by fork(2), which copies the tables of all
 * memory that the process has, holds the process up until the child executes the program, and has it copy each page that it
 * writes to meanwhile. In a busy Volt that is some 10 ms for each program, in a process that has nothing else it is below one.
 * A job that comes alone is not worth that process; until it is there, this one starts the programs.
 *
 * Should it be killed, what it has started is over: a scope's processes end with their holder's input.
 */
export class Spawner implements Starter {
  #process: SpawnerProcess | undefined;
  #lastHeld = Number.NEGATIVE_INFINITY;
  readonly #removals = new Set<Promise<unknown>>();

  async hold(line: CommandLine): Promise<Holder> {
    const begunBefore = performance.now() - this.#lastHeld;
    this.#lastHeld = performance.now();
    if (begunBefore < idleTime && !this.#process?.isThere) this.#process = new SpawnerProcess();
    const program = this.#begin({ kind: 'hold', line });
    if (!program) return ownStarter.hold(line);
    const { started, ended, tell } = program;
    const code = ended.then(
      (end) => (end.kind === 'holderEnded' ? end.code : null),
      () => null,
    );
    return {
      pid: await started,
      ended: code,
      write: (text) => tell({ kind: 'write', text }),
      release: () => tell({ kind: 'release' }),
      kill: () => tell({ kind: 'kill' }),
    };
  }

  async run(line: CommandLine, output: number): Promise<Running> {
    // it belongs to the same user, who may open what this process has open
    const program = this.#begin({ kind: 'run', line, output: `/proc/${process.pid}/fd/${output}` });
    if (!program) return ownStarter.run(line, output);
    const { started, ended, tell } = program;
    const end = ended.then((told) => (told as { end: LineEnd }).end);
    end.catch(() => undefined);
    return { pid: await started, ended: end, kill: () => tell({ kind: 'kill' }) };
  }

  /** Runs git, see `GitOptions.runner`. */
  readonly git: GitRunner = async (command, hearer) => {
    const { signal, progress, warning } = hearer;
    signal?.throwIfAborted();
    const begin = { kind: 'git', command, progress: progress !== undefined, warning: warning !== undefined } as const;
    const program = this.#begin(begin, hearer);
    if (!program) return ownRunner(command, hearer);
    const abort = () => program.tell({ kind: 'kill' });
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return ((await program.ended) as { text: string }).text;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  };

  /**
   * Removes a folder of a job, which costs some hundred calls of the system.
   * @param contested whether somebody else may be at work in it, see `removeContested`
   * @throws system errors
   */
  async remove(path: string, contested: boolean): Promise<void> {
    const program = this.#begin({ kind: 'remove', path, contested });
    const removed = program?.ended ?? (contested ? removeContested(path) : removeTree(path));
    this.#removals.add(removed);
    try {
      await removed;
    } finally {
      this.#removals.delete(removed);
    }
  }

  /** Ends the process when what is to be removed is, and with it what it has started. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#removals);
    this.#process?.end();
    this.#process = undefined;
  }

  /** @returns undefined where there is no process that could */
  #begin(begin: Begin, hearer: GitHearer = {}): Program | undefined {
    return this.#process?.isReady ? this.#process.begin(begin, hearer) : undefined;
  }
}

class SpawnerProcess {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, (answer: Answer) => void>();
  #last = 0;
  #isReady = false;
  #idle: NodeJS.Timeout | undefined;

  constructor() {
    this.#child = fork(ownProgram(import.meta.url, 'process', 'spawner'), {
      env: toolEnvironment(),
      // the less memory it has, the sooner it has started a program
      execArgv: [...process.execArgv, '--max-semi-space-size=1'],
      // what is typed at the terminal of `volt up` is not meant for it
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.unref();
    this.#child.once('message', () => {
      this.#isReady = true;
      this.#child.on('message', (answer: Answer) => this.#open.get(answer.id)?.(answer));
    });
    for (const event of ['error', 'disconnect'] as const) this.#child.on(event, () => this.#lose());
    this.#count();
  }

  /** False once it has ended. */
  get isThere(): boolean {
    return this.#child.connected;
  }

  /** Whether it does what it is asked for. */
  get isReady(): boolean {
    return this.#isReady && this.isThere;
  }

  begin(begin: Begin, hearer: GitHearer): Program {
    const id = ++this.#last;
    let start: (pid: number) => void = () => undefined;
    let notStart: (error: Error) => void = () => undefined;
    const started = new Promise<number>((resolve, reject) => {
      start = resolve;
      notStart = reject;
    });
    started.catch(() => undefined);
    const ended = new Promise<End>((resolve, reject) => {
      this.#open.set(id, (answer) => {
        if (answer.kind === 'started') return start(answer.pid);
        if (answer.kind === 'progress' || answer.kind === 'warning') return hearer[answer.kind]?.(answer.line);
        this.#open.delete(id);
        this.#count();
        if (answer.kind !== 'failed') return resolve(answer);
        const error = received(answer.error);
        notStart(error);
        reject(error);
      });
    });
    ended.catch(() => undefined);
    this.#count();
    this.#send({ id, ...begin });
    return { started, ended, tell: (word) => this.#open.has(id) && this.#send({ id, ...word }) };
  }

  end(): void {
    if (this.isThere) this.#child.disconnect();
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

  #lose(): void {
    const error = {
      code: 'spawn_failed',
      message: 'the process that starts programs has ended',
      remedy: 'It is started anew when it is needed; see whether something has killed it.',
    } as const;
    for (const [id, tell] of this.#open) tell({ id, kind: 'failed', error });
  }
}

function received(error: SentError): Error {
  if (error.remedy !== undefined) return new VoltError(error.code, error.message, { remedy: error.remedy });
  return Object.assign(new Error(error.message), error.code !== undefined && { code: error.code });
}
