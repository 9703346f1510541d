import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { errorText, VoltError } from '../kernel/errors.ts';

/** Descriptor to which a wrapped command line writes when the command itself begins. */
export const startMark = 3;

/** Characters that are kept of what nsenter and the shell print when they fail. */
const complaintLength = 2000;

export interface CommandLine {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** How any thread can write to a supervisor, see redis/heartbeat/supervisor-lines.ts. */
export interface SupervisorLine {
  /** descriptor to write to */
  fd: number;
  /** the supervisor's id for the process at the other end; absent where that is the supervisor itself */
  id?: number;
}

/** The supervisor of a process group. */
export interface Supervisor {
  /** undefined where only `write` reaches it */
  readonly line?: SupervisorLine | undefined;
  readonly pid: number;
  /** its exit code; null if it was killed */
  readonly ended: Promise<number | null>;
  /** Writes to its standard input. Does nothing if it has just ended. */
  write(text: string): void;
  /** Closes its standard input. */
  release(): void;
  kill(): void;
}

/** How a command ended: exactly one of both is set. */
export interface CommandEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/** How a command line of `ProcessGroup.wrap` ended. */
export interface LaunchEnd extends CommandEnd {
  /** whether the command itself began, see `startMark` */
  began: boolean;
  /** what standard error had before that, shortened */
  complaint: string;
}

export interface Launched {
  readonly pid: number;
  readonly ended: Promise<LaunchEnd>;
  kill(): void;
}

/** Starts the programs of process groups. */
export interface Launcher {
  /**
   * Starts a supervisor; resolves when it is ready.
   * @throws VoltError `tool_missing` when it cannot be started, or ends before it is ready; `spawn_failed` when the launcher is lost
   */
  hold(line: CommandLine): Promise<Supervisor>;
  /**
   * Starts a program; resolves when it is started.
   * @param output descriptor that becomes its standard output; the caller can close it then
   * @throws VoltError `tool_missing`; `spawn_failed` when the launcher is lost, in which case `ended` rejects, too; system errors
   * where an argument or the environment is too large
   */
  run(line: CommandLine, output: number): Promise<Launched>;
}

/** Starts programs from this process. */
export const ownLauncher = starterTelling('ignore');

/** As `ownLauncher`. @param errors descriptor of a file for the standard error of supervisors */
export function starterTelling(errors: 'ignore' | number): Launcher {
  return { hold: (line) => hold(line, errors), run };
}

async function hold(line: CommandLine, errors: 'ignore' | number): Promise<Supervisor> {
  const child = start(line, ['pipe', 'pipe', errors]);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdin?.on('error', () => undefined);
  await ready(child);
  return {
    pid: child.pid as number,
    ended,
    line: lineOf(child.stdin),
    write: (text) => void child.stdin?.write(text),
    release: () => void child.stdin?.end(),
    kill: () => void child.kill('SIGKILL'),
  };
}

async function run(line: CommandLine, output: number): Promise<Launched> {
  const child = start(line, ['ignore', output, 'pipe', 'pipe']);
  let began = false;
  let complaint = '';
  const failed = notStarted(child, 'Install util-linux (nsenter) and a shell.');
  // without pipes there are no streams
  const [, , errors, mark] = (child.stdio ?? []) as (Readable | null | undefined)[];
  mark?.on('data', () => {
    began = true;
  });
  errors?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk).slice(0, complaintLength);
  });
  // both close when the command begins, which does not inherit them
  const ended = new Promise<LaunchEnd>((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, began, complaint }));
  });
  const started = new Promise<void>((resolve) => child.once('spawn', resolve));
  await Promise.race([started, failed]);
  return { pid: child.pid as number, ended, kill: () => void child.kill('SIGKILL') };
}

/** A descriptor that other threads can write to while the stream is open. */
export function lineOf(stream: unknown): SupervisorLine | undefined {
  // Node has no public API for it
  const fd = (stream as { _handle?: { fd?: number } } | null)?._handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? { fd } : undefined;
}

/** In a session of its own, so that Ctrl-C at the terminal of `volt up` does not reach it. */
function start({ argv: [program, ...args], env }: CommandLine, stdio: ('pipe' | 'ignore' | number)[]): ChildProcess {
  return spawn(program as string, args, { env, stdio, detached: true, cwd: '/' });
}

async function ready(child: ChildProcess): Promise<void> {
  const failed = notStarted(child, 'Install bash and util-linux.');
  const spoken = new Promise((resolve) => child.stdout?.once('data', resolve));
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => {
      const message = `${child.spawnfile} ended with code ${code} before the job began`;
      const remedy = 'Install bash and util-linux, and check whether this user may make namespaces.';
      reject(new VoltError('tool_missing', message, { remedy }));
    });
  });
  ended.catch(() => undefined);
  await Promise.race([spoken, failed, ended]);
}

/** Rejects when the program could not be started. */
function notStarted(child: ChildProcess, remedy: string): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => {
      const message = `cannot start ${child.spawnfile}: ${errorText(error)}`;
      reject(new VoltError('tool_missing', message, { remedy, cause: error }));
    });
  });
  failed.catch(() => undefined);
  return failed;
}
