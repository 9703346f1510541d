import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { errorText, VoltError } from '../kernel/errors.ts';

/** Descriptor on which a wrapped command line says that the command itself begins. */
export const startMark = 3;

/** What nsenter and the shell say when they fail is short; this many characters of it are kept. */
const complaintLength = 2000;

export interface CommandLine {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** Where the process that stands for a process group can be told from any thread, see redis/heartbeat/supervisor-lines.ts. */
export interface SupervisorLine {
  /** descriptor that this process can write to */
  fd: number;
  /** by which the process at its other end knows it; absent where that is the holder itself */
  id?: number;
}

/** The process that stands for a process group. */
export interface Supervisor {
  /** undefined where it can be told by `write` alone */
  readonly line?: SupervisorLine | undefined;
  readonly pid: number;
  /** with its exit code, null where it was killed */
  readonly ended: Promise<number | null>;
  /** Writes to its standard input; one that has just ended takes no more, which is no error. */
  write(text: string): void;
  /** Ends its standard input. */
  release(): void;
  kill(): void;
}

/** How a command ended: exactly one of both is set. */
export interface CommandEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/** How a command line that `ProcessGroup.wrap` has made ended. */
export interface LaunchEnd extends CommandEnd {
  /** whether the command itself began, see `startMark` */
  began: boolean;
  /** what was said on standard error before that, cut */
  complaint: string;
}

export interface Launched {
  readonly pid: number;
  readonly ended: Promise<LaunchEnd>;
  kill(): void;
}

/** Starts what a process group is made of. */
export interface Launcher {
  /**
   * Resolves when the process has said its first word.
   * @throws VoltError `tool_missing` when it cannot be started, or ends before that; `spawn_failed` when what starts it is lost
   */
  hold(line: CommandLine): Promise<Supervisor>;
  /**
   * Resolves when the program is started.
   * @param output descriptor that becomes its standard output; it can be closed here from then on
   * @throws VoltError `tool_missing`, `spawn_failed` when what starts it is lost, as its `ended` does then; or what the system
   * says where an argument or the environment is too large
   */
  run(line: CommandLine, output: number): Promise<Launched>;
}

/** Starts them from this process. */
export const ownLauncher = starterTelling('ignore');

/** Likewise. @param errors descriptor of a file for what holders say on standard error */
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
  // there are none where not even the pipes could be made
  const [, , errors, mark] = (child.stdio ?? []) as (Readable | null | undefined)[];
  mark?.on('data', () => {
    began = true;
  });
  errors?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk).slice(0, complaintLength);
  });
  // both descriptors end with the line: the command has none of them
  const ended = new Promise<LaunchEnd>((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, began, complaint }));
  });
  const started = new Promise<void>((resolve) => child.once('spawn', resolve));
  await Promise.race([started, failed]);
  return { pid: child.pid as number, ended, kill: () => void child.kill('SIGKILL') };
}

/** A descriptor that other threads may write to, as long as the stream is open. */
export function lineOf(stream: unknown): SupervisorLine | undefined {
  // Node has no public name for it
  const fd = (stream as { _handle?: { fd?: number } } | null)?._handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? { fd } : undefined;
}

/** A session of its own: what is typed at the terminal of `volt up` is not meant for it. */
function start({ argv: [program, ...args], env }: CommandLine, stdio: ('pipe' | 'ignore' | number)[]): ChildProcess {
  return spawn(program as string, args, { env, stdio, detached: true, cwd: '/' });
}

async function ready(child: ChildProcess): Promise<void> {
  const failed = notStarted(child, 'Install bash and util-linux.');
  const spoken = new Promise((resolve) => child.stdout?.once('data', resolve));
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => {
      const message = `${child.spawnfile} ended with code ${code} before the job began`;
      const remedy = 'Install bash and util-linux, and see whether this user may make namespaces.';
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
