import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { simpleGit } from 'simple-git';
import { type Conversation, converse } from './conversation.ts';
import { countOutput, type OutputCount } from './counted-output.ts';
import { failed, type ProgramOptions, runProgram } from './run-program.ts';

/** A git command with all that it needs, so that another process can run it. */
export interface GitCommand {
  cwd: string;
  /** without "git" */
  args: string[];
  /** the whole environment */
  env: Record<string, string>;
  /** milliseconds without output, and in all, after which git is ended */
  silence: number;
  bound: number;
  /** descriptor of a lock that git inherits; such a command runs in this process, see system/lock.ts */
  lock: number | undefined;
  limits?: GitLimits | undefined;
  /** bytes that git may print, where that is less than usual */
  mostOutput?: number | undefined;
  /** git gets this input, and its answer is its output */
  conversation?: Conversation | undefined;
  /** count the output instead of keeping it, up to this much; the result is `<entries> <bytes>` */
  counted?: OutputCount | undefined;
}

/** What each process of a command may take. */
export interface GitLimits {
  /** bytes of its data */
  memory?: number | undefined;
  /** bytes of a file that it writes */
  fileSize?: number | undefined;
  /** the setting that `fileSize` comes from, for people */
  fileSizeSetting?: string | undefined;
}

/** Gets what a running command reports, see GitOptions. */
export interface GitListener {
  signal?: AbortSignal | undefined;
  progress?: ((line: string) => void) | undefined;
  warning?: ((line: string) => void) | undefined;
}

/**
 * Runs a git command.
 * @returns its output
 * @throws Error with git's own messages, or why it was ended
 */
export type GitRunner = (command: GitCommand, listener: GitListener) => Promise<string>;

/** The error of a command that has printed too much begins with this. */
export const printedTooMuch = 'git was ended after it had printed';

/** Bytes that git may print: a remote may list any number of refs. */
const usualOutput = 64 * 1024 * 1024;
/** Bytes of git's messages: the progress of hours is less, but a server can send any number. */
const mostMessages = 16 * 1024 * 1024;

/** Runs the command from this process. */
export const ownRunner: GitRunner = async (command, listener) => {
  const { cwd, env, silence, counted, conversation, lock } = command;
  const bounds = new Bounds(listener.signal, command);
  const { signal } = bounds;
  const line = limitedLine(command);
  try {
    if (counted) return await countOutput(line, counted, { cwd, env, signal });
    const options = { cwd, env, signal, silence };
    if (conversation) return await converse(line, conversation, options, (bytes) => bounds.countOutput(bytes));
    if (lock !== undefined) return await runLocked(line, { ...options, descriptor: lock }, bounds, listener);
    return await runBySimpleGit(line, options, bounds, listener);
  } catch (error) {
    throw bounds.reached === undefined ? error : new Error(bounds.reached);
  } finally {
    bounds.close();
  }
};

async function runBySimpleGit(
  [binary = '', ...args]: string[],
  { cwd, env, signal, silence }: { cwd: string; env: Record<string, string>; signal: AbortSignal; silence: number },
  bounds: Bounds,
  listener: GitListener,
): Promise<string> {
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
    abort: signal,
    errors: (error, { exitCode, stdErr }) => {
      if (error) return error;
      // without an exit code a signal has ended it, for example the kernel's where memory is short
      if (exitCode === null) return Buffer.concat([...stdErr, Buffer.from('\ngit was killed by a signal')]);
      return exitCode !== 0 && stdErr.length > 0 ? Buffer.concat(stdErr) : undefined;
    },
  })
    .env(env)
    .outputHandler((_, stdout, stderr) => {
      stdout.on('data', (chunk: Buffer) => bounds.countOutput(chunk.length));
      // simple-git waits 50 ms longer for a command that has printed nothing
      stdout.once('end', () => stdout.emit('data', Buffer.alloc(0)));
      listen(stderr, bounds, listener);
    });
  return runner.raw(args);
}

/** simple-git hands on no descriptors. */
async function runLocked(
  line: string[],
  options: ProgramOptions,
  bounds: Bounds,
  listener: GitListener,
): Promise<string> {
  const printed: Buffer[] = [];
  const messages = new PassThrough();
  listen(messages, bounds, listener);
  const result = await runProgram(line, options, {
    output: (chunk) => {
      bounds.countOutput(chunk.length);
      printed.push(chunk);
    },
    messages: (chunk) => messages.write(chunk),
  }).finally(() => messages.end());
  return result.code === 0 ? Buffer.concat(printed).toString() : failed(result);
}

function listen(stderr: NodeJS.ReadableStream, bounds: Bounds, { progress, warning }: GitListener): void {
  stderr.on('data', (chunk: Buffer) => bounds.countMessages(chunk.length));
  if (progress) stderr.on('data', (chunk: Buffer) => reportProgress(chunk.toString(), progress));
  if (warning) createInterface(stderr).on('line', (line) => line.startsWith('warning: ') && warning(line));
}

/** The command line of git, begun by a shell that limits it where it has limits. */
function limitedLine({ args, conversation, limits }: GitCommand): string[] {
  const line = conversation?.line ?? ['git', ...args];
  return limits ? ['sh', '-c', limiting(limits), 'sh', ...line] : [...line];
}

/** A shell script that limits the program in its arguments, and becomes it. The kernel ends it before Volt where memory is short. */
function limiting({ memory, fileSize }: GitLimits): string {
  return [
    '{ echo 500 >/proc/self/oom_score_adj; } 2>/dev/null',
    ...(memory === undefined ? [] : [`ulimit -d ${Math.ceil(memory / 1024)}`]),
    // in blocks of 512 bytes, as POSIX has it; without the signal, the programs that git starts say why they end
    ...(fileSize === undefined ? [] : ["trap '' XFSZ", `ulimit -f ${Math.ceil(fileSize / 512)}`]),
    'exec "$@"',
  ].join('; ');
}

/** git draws its progress over itself, by carriage returns; the last whole line shows the current state. */
function reportProgress(text: string, progress: (line: string) => void): void {
  const line = text.split(/[\r\n]+/).findLast((part) => /^(remote: )?[A-Z][a-z ]+: +\d+%/.test(part));
  if (line !== undefined) progress(line.trim());
}

/** Ends a command that takes too long or prints too much. */
class Bounds {
  readonly signal: AbortSignal;
  /** a sentence for people, once a bound was reached */
  reached: string | undefined;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #mostOutput: number;
  #output = 0;
  #messages = 0;

  constructor(
    signal: AbortSignal | undefined,
    { bound, mostOutput = usualOutput }: Pick<GitCommand, 'bound' | 'mostOutput'>,
  ) {
    this.#mostOutput = mostOutput;
    this.signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    this.#timer = setTimeout(() => this.#stopFor(`git was ended after ${bound / 1000} s`), bound);
  }

  countOutput(bytes: number): void {
    this.#output += bytes;
    const most = this.#mostOutput;
    if (this.#output > most) this.#stopFor(`${printedTooMuch} ${most / 1_048_576} MB`);
  }

  countMessages(bytes: number): void {
    this.#messages += bytes;
    if (this.#messages > mostMessages)
      this.#stopFor(`git was ended after it had printed ${mostMessages / 1_048_576} MB of messages`);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #stopFor(reason: string): void {
    this.reached ??= reason;
    this.#stop.abort();
  }
}
