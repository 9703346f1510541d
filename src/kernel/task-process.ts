import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { toolEnvironment } from '../system/environment.ts';
import { FairLine } from '../system/fair-line.ts';
import { received, type SentError } from './sent-error.ts';

/** What a process for tasks, and each task, may take. */
export interface TaskLimits {
  /** processor time of one task, in milliseconds; a machine that has no time for it is not the task's fault */
  processorTime: number;
  /** the heap, in megabytes: what is more ends the process, which a thread of this one could not promise, see below */
  memory: number;
}

export interface TaskOptions {
  /** whose task it is: those of several owners are worked on in turn */
  owner?: string;
  /** ends the task; it fails with the signal's reason */
  signal?: AbortSignal;
  /** is told when it is being worked on */
  begins?: () => void;
}

/**
 * A task that was ended before it had an answer. `too_slow` and `too_large` are the task's own fault, and would come again;
 * `lost` is not: something else has ended the process, or the machine had no time for it.
 */
export class TaskEnded extends Error {
  readonly why: 'too_slow' | 'too_large' | 'lost';

  constructor(why: TaskEnded['why'], message: string) {
    super(message);
    this.name = 'TaskEnded';
    this.why = why;
  }
}

/** What the process says: first that it is ready, then the answer of each task. */
export type TaskAnswer = 'ready' | { value: unknown } | { error: SentError };

/** A process without tasks ends after so many milliseconds: it holds some 50 MB. */
const idleTime = 10_000;
/** Milliseconds between two looks at the processor time that a task has taken. */
const lookInterval = 250;
/** Longest that a task may take where the machine has no time for it, as a multiple of its processor time; and a start. */
const patience = 20;
const startPatience = 60_000;
/** Clock ticks of /proc in a second, see proc_pid_stat(5); Linux has had 100 everywhere since 2.6. */
const ticks = 100;

interface Waiting<Task, Result> {
  readonly task: Task;
  begin(): void;
  succeed(result: Result): void;
  fail(error: unknown): void;
  /** set once it is being worked on: ends that */
  end?: () => void;
}

/**
 * Works on text from outside (what a commit holds, what a job prints) in a process that can be ended, one task after the
 * other. A task fails alone: when its time or memory is used up, the process is killed, and what waits goes to a new one. A
 * thread would be cheaper to start, but V8 ends the whole process, threads and all, when one large allocation goes beyond a
 * thread's limit, and an uninterruptible step holds up its end. The process starts with the first task, ends when it has been
 * idle, and has nothing of Volt's environment.
 */
export class TaskProcess<Task, Result> {
  readonly #program: string;
  readonly #limits: TaskLimits;
  readonly #waiting = new FairLine<Waiting<Task, Result>>();
  #child: ChildProcess | undefined;
  /** resolves when the last process has ended */
  #gone: Promise<void> = Promise.resolve();
  #isReady = false;
  #isClosed = false;
  #current: Waiting<Task, Result> | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** @param program the file that the process runs, see `ownProgram`; it calls `serveTasks` */
  constructor(program: string, limits: TaskLimits) {
    this.#program = program;
    this.#limits = limits;
  }

  /** @throws TaskEnded, the signal's reason, or what the task itself throws (as a VoltError or an Error with its code) */
  run(task: Task, { owner = '', signal, begins }: TaskOptions = {}): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#isClosed) return reject(new TaskEnded('lost', 'nothing is worked on any more'));
      const abort = () => {
        this.#waiting.remove(owner, waiting);
        waiting.fail(signal?.reason);
        waiting.end?.();
      };
      signal?.addEventListener('abort', abort, { once: true });
      const settle = () => signal?.removeEventListener('abort', abort);
      const waiting: Waiting<Task, Result> = {
        task,
        begin: () => begins?.(),
        succeed: (result) => {
          settle();
          resolve(result);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      this.#waiting.add(owner, waiting);
      this.#next();
    });
  }

  /** Ends the process; tasks that have no answer yet fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const ended = () => new TaskEnded('lost', 'it was ended before it was done');
    this.#current?.fail(ended());
    for (let next = this.#waiting.next(); next; next = this.#waiting.next()) next.fail(ended());
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
    const over = (then: () => void) => {
      clearInterval(watch);
      child.off('message', hear).off('exit', vanish).off('error', vanish);
      if (this.#current === waiting) this.#settle(then);
    };
    /** @param error undefined where it has failed already */
    const end = (error?: TaskEnded) => {
      this.#end();
      over(() => error && waiting.fail(error));
    };
    waiting.end = end;
    const begin = () => {
      this.#isReady = true;
      clearInterval(watch);
      watch = this.#watch(child, end);
      waiting.begin();
      child.send(waiting.task as object, () => undefined);
    };
    const hear = (answer: TaskAnswer) => {
      if (answer === 'ready') begin();
      else if ('error' in answer) over(() => waiting.fail(received(answer.error)));
      else over(() => waiting.succeed(answer.value as Result));
    };
    const vanish = (code: unknown, signal?: NodeJS.Signals | null) => {
      // what V8 does when the heap is full
      if (signal === 'SIGABRT')
        end(new TaskEnded('too_large', `it took more than ${this.#limits.memory} MB of memory`));
      else end(new TaskEnded('lost', `the process that worked on it has ended (${signal ?? String(code)})`));
    };
    child.on('message', hear).on('exit', vanish).on('error', vanish);
    if (this.#isReady) begin();
    else {
      const late = new TaskEnded('lost', `the process for it did not start within ${startPatience / 1000} s`);
      watch = setTimeout(() => end(late), startPatience);
    }
  }

  /** Ends a task whose time is used up. */
  #watch(child: ChildProcess, end: (error: TaskEnded) => void): NodeJS.Timeout {
    const { processorTime } = this.#limits;
    const since = performance.now();
    const before = timeOf(child.pid);
    return setInterval(() => {
      const passed = performance.now() - since;
      const now = timeOf(child.pid);
      // elsewhere than on Linux the clock on the wall has to do
      const taken = before === undefined || now === undefined ? passed : now - before;
      if (taken > processorTime) end(new TaskEnded('too_slow', `it took longer than ${processorTime / 1000} s`));
      else if (passed > patience * processorTime) {
        const seconds = (patience * processorTime) / 1000;
        end(new TaskEnded('lost', `the machine had no time for it within ${seconds} s`));
      }
    }, lookInterval);
  }

  #settle(then: () => void): void {
    this.#current = undefined;
    then();
    this.#next();
  }

  #running(): ChildProcess {
    if (this.#child) return this.#child;
    const { processorTime, memory } = this.#limits;
    const child = fork(this.#program, [String(patience * processorTime + lookInterval)], {
      env: toolEnvironment(),
      // options of this process may be another size of its heap; the last one counts
      execArgv: [...process.execArgv, `--max-old-space-size=${memory}`, '--max-semi-space-size=1'],
      // what is typed at the terminal of `volt up` is not meant for it
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#isReady = false;
    this.#gone = new Promise((resolve) => {
      child.once('exit', resolve).once('error', () => child.pid === undefined && resolve());
    });
    // between two tasks, too, it may be killed
    child.on('error', () => this.#lose(child)).on('exit', () => this.#lose(child));
    this.#child = child;
    return child;
  }

  #lose(child: ChildProcess): void {
    if (this.#child === child) this.#end();
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

/** Processor time that a process has taken, in milliseconds; undefined where that cannot be read. */
function timeOf(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // fields 14 and 15; the second, a name in parentheses, may hold spaces
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks;
  } catch {
    return undefined;
  }
}
