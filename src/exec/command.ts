import { type ChildProcess, spawn } from 'node:child_process';
import { errorText, VoltError } from '../kernel/errors.ts';
import { pause, within } from '../kernel/wait.ts';
import type { Scope } from './scope.ts';

/** After TERM, processes have this long (milliseconds) to end by themselves. */
const defaultGrace = 10_000;
/** A command may leave something behind that holds its output open; reading goes on until this long a silence (ms). */
const silence = 30;

export interface CommandOptions {
  scope: Scope;
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Standard output and standard error, byte for byte and in order. A promise that it returns holds reading back. */
  output(chunk: Buffer): void | Promise<void>;
  /** Aborting ends the command: TERM to its process group, and after the grace time the end of the whole scope. */
  signal: AbortSignal;
  /** milliseconds */
  grace?: number;
}

/** How a command ended: exactly one of both is set. */
export interface CommandEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * Runs one command inside a scope. What it leaves running stays, until the scope is closed.
 * @throws VoltError `tool_missing` when nothing could be started
 */
export async function runCommand(options: CommandOptions): Promise<CommandEnd> {
  const { scope, cwd, signal } = options;
  if (signal.aborted) return { exitCode: null, signal: 'SIGTERM' };
  const [program, ...args] = scope.wrap(options.argv, cwd);
  const child = spawn(program as string, args, {
    cwd: '/',
    env: { ...options.env, ...scope.marker },
    stdio: ['ignore', 'pipe', 'ignore'],
    // out of reach of what is typed at the terminal of `volt up`
    detached: true,
  });
  const stdout = child.stdout as NonNullable<typeof child.stdout>;
  /** chunks that the receiver has not taken yet: Node itself goes on reading when the command has ended */
  let held = 0;
  stdout.on('data', (chunk: Buffer) => {
    const accepted = options.output(chunk);
    if (!accepted) return;
    held++;
    stdout.pause();
    const taken = () => {
      if (--held === 0) stdout.resume();
    };
    accepted.then(taken, taken);
  });
  const ended = endOf(child);
  const closed = new Promise<void>((resolve) => {
    stdout.once('close', resolve);
  });
  const abort = () => void terminate(child, scope, closed, options.grace ?? defaultGrace);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const end = await ended;
    await (signal.aborted ? closed : Promise.race([closed, quiet(stdout, () => held > 0)]));
    return end;
  } finally {
    signal.removeEventListener('abort', abort);
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

/** TERM first; what is left after the grace time goes with the scope. */
async function terminate(child: ChildProcess, scope: Scope, closed: Promise<void>, grace: number): Promise<void> {
  const until = performance.now() + grace;
  // the command itself appears a moment after nsenter
  while (child.pid !== undefined && isRunning(child) && performance.now() < until) {
    const group = scope.groupOf(child.pid);
    if (group !== undefined && sendTerm(group)) break;
    await pause(5);
  }
  const gone = await within(
    closed.then(() => true),
    grace,
  );
  if (!gone) await scope.close();
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function sendTerm(group: number): boolean {
  try {
    process.kill(-group, 'SIGTERM');
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
async function quiet(stream: NodeJS.ReadableStream, isHeldBack: () => boolean): Promise<void> {
  const moments = 3;
  const most = 100;
  let silent = 0;
  const heard = () => {
    silent = 0;
  };
  stream.on('data', heard);
  for (let passed = 0; silent < moments && passed < most; ) {
    await pause(silence / moments);
    silent = isHeldBack() ? 0 : silent + 1;
    if (!isHeldBack()) passed++;
  }
  stream.off('data', heard);
}
