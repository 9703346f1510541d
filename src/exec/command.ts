import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { errorText, VoltError } from '../kernel/errors.ts';
import { pause, within } from '../kernel/wait.ts';
import { type OutputPipe, openOutputPipe } from './output-pipe.ts';
import type { OutputReader } from './output-reader.ts';
import { type Scope, startMark } from './scope.ts';

/** After TERM, processes have this long (milliseconds) to end by themselves. */
const defaultGrace = 10_000;
/** A command may leave something behind that holds its output open; reading goes on until this long a silence (ms). */
const silence = 30;

export interface CommandOptions {
  scope: Scope;
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /**
   * Standard output and standard error, byte for byte and in order. The bytes are good until it returns: whoever keeps
   * them copies them. A promise that it returns holds reading back.
   */
  output(chunk: Buffer): void | Promise<void>;
  /** Aborting ends the command: TERM to its process group, and after the grace time what `stubborn` says. */
  signal: AbortSignal;
  /** milliseconds */
  grace?: number;
  /** What is killed when it does not end in time: the whole scope, or its process group where others go on after it. */
  stubborn?: 'scope' | 'group';
}

/** How a command ended: exactly one of both is set. */
export interface CommandEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/** What nsenter and the shell say when they fail is short; this many characters of it are kept. */
const complaintLength = 2000;

/**
 * Runs one command inside a scope. What it leaves running stays, until the scope is closed. A program that is not there
 * ends as the shell says it, with exit code 127.
 * @throws VoltError `tool_missing` when nothing could be started, `spawn_failed` when the command itself was not, because
 * its scope or its folder could not be entered
 */
export async function runCommand(options: CommandOptions): Promise<CommandEnd> {
  const { scope, cwd, signal } = options;
  if (signal.aborted) return { exitCode: null, signal: 'SIGTERM' };
  const [program, ...args] = scope.wrap(options.argv, cwd);
  const { read: stdout, write } = await openOutputPipe();
  if (signal.aborted) {
    stdout.destroy();
    closeSync(write);
    return { exitCode: null, signal: 'SIGTERM' };
  }
  const child = start(program as string, args, scope.environment(options.env), { read: stdout, write });
  const ended = endOf(child);
  // nsenter stops with a command that stops itself, and would wait for ever for what has gone with the scope
  void scope.ended.then(() => child.kill('SIGKILL'));
  // where not even the pipes could be made, there is only this to tell it
  if (!child.stderr) {
    stdout.destroy();
    return ended;
  }
  stdout.onOutput(options.output);
  const begin = new Start(child);
  const stubborn = options.stubborn ?? 'scope';
  const abort = () => void terminate(child, scope, stdout.closed, { grace: options.grace ?? defaultGrace, stubborn });
  signal.addEventListener('abort', abort, { once: true });
  try {
    const end = await ended;
    if (!(await begin.cameAbout()) && !signal.aborted && scope.alive) throw begin.failure(end);
    const patient = signal.aborted && stubborn === 'scope';
    await (patient ? stdout.closed : Promise.race([stdout.closed, quiet(stdout)]));
    stdout.handOn();
    return end;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** @throws what the system says where an argument or the environment is too large */
function start(
  program: string,
  args: string[],
  env: Record<string, string>,
  { read, write }: OutputPipe,
): ChildProcess {
  try {
    return spawn(program, args, {
      cwd: '/',
      env,
      stdio: ['ignore', write, 'pipe', 'pipe'],
      // out of reach of what is typed at the terminal of `volt up`
      detached: true,
    });
  } catch (error) {
    read.destroy();
    throw error;
  } finally {
    closeSync(write);
  }
}

/** Tells the command from what Volt puts around it, see `Scope.wrap`. */
class Start {
  #marked = false;
  #complaint = '';
  readonly #closed: Promise<unknown>;

  constructor(child: ChildProcess) {
    const mark = child.stdio[startMark] as Readable;
    const errors = child.stderr as Readable;
    mark.on('data', () => {
      this.#marked = true;
    });
    errors.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk).slice(0, complaintLength);
    });
    this.#closed = Promise.all([once(mark, 'close'), once(errors, 'close')]);
    this.#closed.catch(() => undefined);
  }

  /** To be asked when the command line has ended. Both descriptors end with it: the command has none of them. */
  async cameAbout(): Promise<boolean> {
    await this.#closed;
    return this.#marked;
  }

  failure({ exitCode, signal }: CommandEnd): VoltError {
    const why = this.#complaint.trim() || `ended with ${signal ?? `code ${exitCode}`}`;
    return new VoltError('spawn_failed', `the command was not started: ${why}`, {
      remedy: 'See whether its folder is still there, and whether this user may enter namespaces (nsenter).',
    });
  }
}

async function endOf(child: ChildProcess): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    child.once('error', (error) => {
      reject(
        new VoltError('tool_missing', `cannot start ${child.spawnfile}: ${errorText(error)}`, {
          remedy: 'Install util-linux (nsenter) and a shell.',
          cause: error,
        }),
      );
    });
  });
}

/** TERM first; what is left after the grace time is killed. */
async function terminate(
  child: ChildProcess,
  scope: Scope,
  closed: Promise<void>,
  { grace, stubborn }: { grace: number; stubborn: 'scope' | 'group' },
): Promise<void> {
  const until = performance.now() + grace;
  // the command itself appears a moment after nsenter
  while (child.pid !== undefined && isRunning(child) && performance.now() < until) {
    const group = scope.groupOf(child.pid);
    if (group !== undefined && signalGroup(group, 'SIGTERM')) break;
    await pause(5);
  }
  const gone = await within(
    closed.then(() => true),
    grace,
  );
  if (gone) return;
  const group =
    stubborn === 'group' && child.pid !== undefined && isRunning(child) ? scope.groupOf(child.pid) : undefined;
  if (group !== undefined) signalGroup(group, 'SIGKILL');
  else if (stubborn === 'scope') await scope.close();
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    // not a group's leader yet, or already gone
    return false;
  }
}

/**
 * Resolves when the stream has been silent for a while. Moments are counted in which it could have been heard: time
 * that this process slept through, or in which reading was held back, is no silence. A second of them is enough in any
 * case: what was left running may talk for ever.
 */
async function quiet(output: OutputReader): Promise<void> {
  const moments = 3;
  const most = 100;
  let silent = 0;
  let heard = output.bytes;
  for (let passed = 0; silent < moments && passed < most; ) {
    await pause(silence / moments);
    if (!output.isHeldBack) passed++;
    silent = output.isHeldBack || output.bytes > heard ? 0 : silent + 1;
    heard = output.bytes;
  }
}
