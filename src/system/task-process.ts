import { type ChildProcess, fork } from 'node:child_process';
import { toolEnvironment } from './environment.ts';
import { statOf, ticks } from './processes.ts';
import { RoundRobin } from './round-robin.ts';
import type { SentError } from './sent-error.ts';

/** What the process, and each task, may use. */
export interface TaskLimits {
  /** processor time of one task, in milliseconds; waiting for a busy machine does not count */
  processorTime: number;
  /** the heap, in megabytes; a task that needs more ends the process */
  memory: number;
}

export interface TaskOptions {
  /** owners with waiting tasks take turns */
  owner?: string;
  /** aborts the task, which then fails with the signal's reason */
  signal?: AbortSignal;
  /** called when the task starts */
  begins?: () => void;
}

/**
 * A task was ended before it answered. `too_slow` and `too_large` are the task's own fault and would happen again; with
 * `lost`, something else ended the process, or the machine was too busy to run the task.
 */
export class TaskEnded extends Error {
  readonly why: 'too_slow' | 'too_large' | 'lost';

  constructor(why: TaskEnded['why'], message: string) {
    super(message);
    this.name = 'TaskEnded';
    this.why = why;
  }
}

/** What the process sends: first that it is ready, then one answer for each task. */
export type TaskAnswer = 'ready' | { value: unknown } | { error: SentError };

/** Milliseconds after which a process without tasks ends: it uses some 50 MB. */
const idleTime = 10_000;
/** Milliseconds between two readings of the processor time that a task has used. */
const checkInterval = 250;
/** The longest a task may take on a busy machine, as a multiple of its processor time. */
const busyFactor = 20;
/** Milliseconds that the process may take to start. */
const startTimeout = 60_000;

interface Waiting<Task, Result> {
  readonly task: Task;
  begin(): void;
  succeed(result: Result): void;
  fail(error: unknown): void;
  /** set once the task runs: ends it */
  end?: () => void;
}

/**
 * Processes foreign text (the content of a commit, the output of a job) in a separate process, one task at a time. A task
 * fails alone: when it exceeds its time or memory, the process is killed and the waiting tasks go to a new one. A thread
 * would start faster, but V8 ends the whole process when one large allocation exceeds a thread's limit, and a thread cannot
 * be stopped within one long call. The process starts with the first task, ends when idle, and gets none of Volt's
 * environment.
 */
export class TaskProcess<Task, Result> {
  readonly #program: string;
  readonly #limits: TaskLimits;
  readonly #receive: (error: SentError) => Error;
  readonly #waiting = new RoundRobin<Waiting<Task, Result>>();
  #child: ChildProcess | undefined;
  /** resolves when the last process has ended */
  #gone: Promise<void> = Promise.resolve();
  #isReady = false;
  #isClosed = false;
  #current: Waiting<Task, Result> | undefined;
  #idle: NodeJS.Timeout | undefined;

  /**
   * @param program the file that the process runs, see `ownProgram`; it calls `serveTasks`
   * @param receive makes the error that `run` throws from one that a task has thrown
   */
  constructor(program: string, limits: TaskLimits, receive: (error: SentError) => Error) {
    this.#program = program;
    this.#limits = limits;
    this.#receive = receive;
  }

  /** @throws TaskEnded, the signal's reason, or what `receive` makes of the error that the task has thrown */
  async run(task: Task, { owner = '', signal, begins = () => undefined }: TaskOptions = {}): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new TaskEnded('lost', 'the process for it was closed');
    let abort = () => {};
    const result = new Promise<Result>((succeed, fail) => {
      const waiting: Waiting<Task, Result> = { task, begin: begins, succeed, fail };
      abort = () => {
        this.#waiting.remove(owner, waiting);
        fail(signal?.reason);
        waiting.end?.();
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.add(owner, waiting);
      this.#next();
    });
    return result.finally(() => signal?.removeEventListener('abort', abort));
  }

  /** Ends the process; tasks without an answer fail as `lost`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const ended = () => new TaskEnded('lost', 'the process was closed before it was done');
    this.#current?.fail(ended());
    for (let next = this.#waiting.next(); next; next = this.#waiting.next()) next.fail(ended());
    // an idle process does not keep this one running, which must not exit before the other has ended
    this.#child?.ref();
    this.#end();
    await this.#gone;
  }

  #next(): void {
    if (this.#current || this.#isClosed) return;
    const waiting = this.#waiting.next();
    if (waiting) this.#work(waiting);
    else {
      this.#child?.unref();
      this.#child?.channel?.unref();
      this.#idle ??= setTimeout(() => this.#end(), idleTime).unref();
    }
  }

  #work(waiting: Waiting<Task, Result>): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
    this.#current = waiting;
    const child = this.#running();
    child.ref();
    child.channel?.ref();
    let watch: NodeJS.Timeout | undefined;
    const finish = (then: () => void) => {
      clearInterval(watch);
      child.off('message', receive).off('exit', exited).off('error', exited);
      if (this.#current === waiting) this.#settle(then);
    };
    /** @param error undefined where the task has failed already */
    const end = (error?: TaskEnded) => {
      this.#end();
      finish(() => error && waiting.fail(error));
    };
    waiting.end = end;
    const begin = () => {
      this.#isReady = true;
      clearInterval(watch);
      watch = this.#watch(child, end);
      waiting.begin();
      child.send(waiting.task as object, () => undefined);
    };
    const receive = (answer: TaskAnswer) => {
      if (answer === 'ready') begin();
      else if ('error' in answer) finish(() => waiting.fail(this.#receive(answer.error)));
      else finish(() => waiting.succeed(answer.value as Result));
    };
    const exited = (code: unknown, signal?: NodeJS.Signals | null) => {
      // V8 aborts when the heap is full
      if (signal === 'SIGABRT')
        end(new TaskEnded('too_large', `it used more than ${this.#limits.memory} MB of memory`));
      else end(new TaskEnded('lost', `its process ended unexpectedly (${signal ?? String(code)})`));
    };
    child.on('message', receive).on('exit', exited).on('error', exited);
    if (this.#isReady) begin();
    else {
      const late = new TaskEnded('lost', `the process for it did not start within ${startTimeout / 1000} s`);
      watch = setTimeout(() => end(late), startTimeout);
    }
  }

  /** Ends a task that has used up its time. */
  #watch(child: ChildProcess, end: (error: TaskEnded) => void): NodeJS.Timeout {
    const { processorTime } = this.#limits;
    const since = performance.now();
    const before = statOf(child.pid)?.used;
    return setInterval(() => {
      const passed = performance.now() - since;
      const now = statOf(child.pid)?.used;
      // without /proc the elapsed time counts
      const used = before === undefined || now === undefined ? passed : ((now - before) * 1000) / ticks;
      if (used > processorTime) end(new TaskEnded('too_slow', `it took longer than ${processorTime / 1000} s`));
      else if (passed > busyFactor * processorTime) {
        const seconds = (busyFactor * processorTime) / 1000;
        end(new TaskEnded('lost', `the machine was too busy to run it within ${seconds} s`));
      }
    }, checkInterval);
  }

  #settle(then: () => void): void {
    this.#current = undefined;
    then();
    this.#next();
  }

  #running(): ChildProcess {
    if (this.#child) return this.#child;
    const { processorTime, memory } = this.#limits;
    const child = fork(this.#program, [String(busyFactor * processorTime + checkInterval)], {
      env: toolEnvironment(),
      // execArgv may set another heap size; the last option counts
      execArgv: [...process.execArgv, `--max-old-space-size=${memory}`, '--max-semi-space-size=1'],
      // a Ctrl-C in the terminal of `volt up` must not reach it
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#isReady = false;
    this.#gone = new Promise((resolve) => {
      child.once('exit', resolve).once('error', () => child.pid === undefined && resolve());
    });
    // it may also be killed between two tasks
    child.on('error', () => this.#forget(child)).on('exit', () => this.#forget(child));
    this.#child = child;
    return child;
  }

  #forget(child: ChildProcess): void {
    if (this.#child === child) this.#end();
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
