import { createInterface } from 'node:readline';
import { simpleGit } from 'simple-git';
import { type Conversation, converse } from './conversation.ts';
import { countOutput, type OutputCount } from './counted-output.ts';

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
  limits?: GitLimits | undefined;
  /** bytes that it may print, where that is less than usual */
  mostOutput?: number | undefined;
  /** it is talked to, and what it answers is what it prints */
  conversation?: Conversation | undefined;
  /** its output, entries that a zero ends, is counted and not kept: it prints `<entries> <bytes>`, at most a little more than this */
  counted?: OutputCount | undefined;
}

/** What each process of a command may take. */
export interface GitLimits {
  /** bytes of its data */
  memory?: number | undefined;
  /** bytes of a file that it writes */
  fileSize?: number | undefined;
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

/** How the error begins of a command that has printed more than it may. */
export const printedTooMuch = 'git was ended after it had printed';

/** Bytes that git may print: what is read of a repository is bounded by the command, what a remote lists is not. */
const usualOutput = 64 * 1024 * 1024;
/** Bytes that git may say beside: progress of hours is less, and a server may have it say anything. */
const mostWords = 16 * 1024 * 1024;

/** Runs it from this process. */
export const ownRunner: GitRunner = async (command, { signal, progress, warning }) => {
  const { cwd, env, silence, bound, mostOutput = usualOutput } = command;
  const ending = new Bound(signal, bound, mostOutput);
  const { binary, args } = commandLine(command);
  if (command.counted !== undefined) {
    const line = typeof binary === 'string' ? [binary, ...args] : [...binary, ...args];
    return countOutput(line, command.counted, { cwd, env, signal: ending.signal })
      .catch((error) => {
        throw ending.reached === undefined ? error : new Error(ending.reached);
      })
      .finally(() => ending.end());
  }
  if (command.conversation !== undefined) {
    const line = typeof binary === 'string' ? [binary, ...args] : [...binary, ...args];
    const around = { cwd, env, silence, signal: ending.signal };
    return converse(line, command.conversation.input, around, (bytes) => ending.count(bytes))
      .catch((error) => {
        throw ending.reached === undefined ? error : new Error(ending.reached);
      })
      .finally(() => ending.end());
  }
  const runner = simpleGit({
    baseDir: cwd,
    binary,
    timeout: { block: silence },
    allowEnvironment: Object.keys(env),
    unsafe: {
      allowUnsafeSshCommand: true,
      allowUnsafeAskPass: true,
      allowUnsafeConfigEnvCount: true,
      allowUnsafeCredentialHelper: true,
      allowUnsafeFilter: true,
      allowUnsafeFsMonitor: true,
      allowUnsafeHooksPath: true,
      allowUnsafeConfigPaths: true,
    },
    abort: ending.signal,
    errors: (error, { exitCode, stdErr }) => {
      if (error) return error;
      // a signal ends it without an exit code, as the kernel's where memory is short
      if (exitCode === null) return Buffer.concat([...stdErr, Buffer.from('\ngit was killed by a signal')]);
      return exitCode !== 0 && stdErr.length > 0 ? Buffer.concat(stdErr) : undefined;
    },
  })
    .env(env)
    .outputHandler((_, stdout, stderr) => {
      stdout.on('data', (chunk: Buffer) => ending.count(chunk.length));
      // simple-git waits 50 ms longer for a command that has printed nothing
      stdout.once('end', () => stdout.emit('data', Buffer.alloc(0)));
      stderr.on('data', (chunk: Buffer) => ending.countWords(chunk.length));
      if (progress) stderr.on('data', (chunk: Buffer) => tellProgress(chunk.toString(), progress));
      if (warning) createInterface(stderr).on('line', (line) => line.startsWith('warning: ') && warning(line));
    });
  try {
    return await runner.raw(args);
  } catch (error) {
    throw ending.reached === undefined ? error : new Error(ending.reached);
  } finally {
    ending.end();
  }
};

/** git by what holds its lock for it and limits it, as simple-git wants it. */
function commandLine(command: GitCommand): { binary: string | [string, string]; args: string[] } {
  const { lock, limits } = command;
  const line = command.conversation?.line ?? ['git', ...command.args];
  const [limiter, ...limited] = limits ? ['sh', '-c', limiting(limits), 'sh', ...line] : line;
  if (lock !== undefined)
    return { binary: ['flock', '--no-fork'], args: ['--shared', lock, limiter as string, ...limited] };
  return { binary: limiter as string, args: limited };
}

/** A shell's words that limit it and become what follows: the kernel ends it before Volt where memory is short. */
function limiting({ memory, fileSize }: GitLimits): string {
  return [
    '{ echo 500 >/proc/self/oom_score_adj; } 2>/dev/null',
    ...(memory === undefined ? [] : [`ulimit -d ${Math.ceil(memory / 1024)}`]),
    // in blocks of 512 bytes, as POSIX has it
    ...(fileSize === undefined ? [] : [`ulimit -f ${Math.ceil(fileSize / 512)}`]),
    'exec "$@"',
  ].join('; ');
}

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
  #words = 0;
  readonly #mostOutput: number;

  constructor(signal: AbortSignal | undefined, bound: number, mostOutput: number) {
    this.#mostOutput = mostOutput;
    this.signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    this.#timer = setTimeout(() => this.#reach(`git was ended after ${bound / 1000} s`), bound);
  }

  count(bytes: number): void {
    this.#bytes += bytes;
    const most = this.#mostOutput;
    if (this.#bytes > most) this.#reach(`${printedTooMuch} ${most / 1_048_576} MB`);
  }

  countWords(bytes: number): void {
    this.#words += bytes;
    if (this.#words > mostWords) this.#reach(`git was ended after it had said ${mostWords / 1_048_576} MB`);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #reach(words: string): void {
    this.reached ??= words;
    this.#stop.abort();
  }
}
