import { createInterface } from 'node:readline';
import { simpleGit } from 'simple-git';

/** One command of git with all that it needs, so that another process can run it. */
export interface GitCommand {
  cwd: string;
  /** without "git" */
  args: string[];
  /** all of it */
  env: Record<string, string>;
  /** milliseconds without output, and in all, after which it is ended */
  silence: number;
  bound: number;
  /** a file of which git has a shared lock */
  lock: string | undefined;
}

/** Is told of a command what GitOptions say. */
export interface GitHearer {
  signal?: AbortSignal | undefined;
  progress?: ((line: string) => void) | undefined;
  warning?: ((line: string) => void) | undefined;
}

/**
 * Runs a command of git and gives back what it prints.
 * @throws Error with git's own words, or why it was ended, as its message
 */
export type GitRunner = (command: GitCommand, hearer: GitHearer) => Promise<string>;

/** Bytes that git may print: what is read of a repository is bounded by the command, what a remote lists is not. */
const mostOutput = 64 * 1024 * 1024;

/** Runs it from this process. */
export const ownRunner: GitRunner = async ({ cwd, args, env, silence, bound, lock }, { signal, progress, warning }) => {
  const ending = new Bound(signal, bound);
  const runner = simpleGit({
    baseDir: cwd,
    ...(lock !== undefined && { binary: ['flock', '--no-fork'] }),
    timeout: { block: silence },
    allowEnvironment: Object.keys(env),
    unsafe: {
      allowUnsafeSshCommand: true,
      allowUnsafeAskPass: true,
      allowUnsafeConfigEnvCount: true,
      allowUnsafeCredentialHelper: true,
      allowUnsafeFilter: true,
      allowUnsafeFsMonitor: true,
    },
    abort: ending.signal,
  })
    .env(env)
    .outputHandler((_, stdout, stderr) => {
      stdout.on('data', (chunk: Buffer) => ending.count(chunk.length));
      // simple-git waits 50 ms longer for a command that has printed nothing
      stdout.once('end', () => stdout.emit('data', Buffer.alloc(0)));
      if (progress) stderr.on('data', (chunk: Buffer) => tellProgress(chunk.toString(), progress));
      if (warning) createInterface(stderr).on('line', (line) => line.startsWith('warning: ') && warning(line));
    });
  try {
    return await runner.raw(lock === undefined ? args : ['--shared', lock, 'git', ...args]);
  } catch (error) {
    throw ending.reached === undefined ? error : new Error(ending.reached);
  } finally {
    ending.end();
  }
};

/** git draws its progress over itself, by carriage returns; the last line that is whole is where it stands. */
function tellProgress(text: string, progress: (line: string) => void): void {
  const line = text.split(/[\r\n]+/).findLast((part) => /^(remote: )?[A-Z][a-z ]+: +\d+%/.test(part));
  if (line !== undefined) progress(line.trim());
}

/** Ends a command that takes too long or says too much. */
class Bound {
  readonly signal: AbortSignal;
  /** in words for people, once one was reached */
  reached: string | undefined;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;

  constructor(signal: AbortSignal | undefined, bound: number) {
    this.signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    this.#timer = setTimeout(() => this.#reach(`git was ended after ${bound / 1000} s`), bound);
  }

  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > mostOutput) this.#reach(`git was ended after it had printed ${mostOutput / 1_048_576} MB`);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #reach(words: string): void {
    this.reached ??= words;
    this.#stop.abort();
  }
}
