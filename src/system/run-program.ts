import { execFile } from 'node:child_process';
import { toolEnvironment } from './environment.ts';

export interface RunOptions {
  /** default: the environment of Volt's own tools */
  env?: Readonly<Record<string, string>>;
  /** default: `/`, which nobody removes */
  cwd?: string;
  /** milliseconds after which the program is killed */
  timeout?: number;
}

/** Bytes that a program may print to either stream. */
const mostOutput = 16 * 1_048_576;

/** A program could not start, ended with an error, was killed, or printed too much; the message says which, with its stderr. */
export class ProgramFailed extends Error {
  /** of a program that could not start, such as ENOENT */
  readonly code: string | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;

  constructor(message: string, { code, signal, stdout }: Pick<ProgramFailed, 'code' | 'signal' | 'stdout'>) {
    super(message);
    this.name = 'ProgramFailed';
    this.code = code;
    this.signal = signal;
    this.stdout = stdout;
  }
}

/**
 * Runs a program to its end, without input.
 * @returns its stdout
 * @throws ProgramFailed
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { env = toolEnvironment(), cwd = '/', timeout = 3_600_000 }: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout, killSignal: 'SIGKILL', maxBuffer: mostOutput } as const;
    const child = execFile(program, args, { env, cwd, ...limits }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const code = typeof error.code === 'string' ? error.code : undefined;
      const signal = error.signal ?? undefined;
      const how = error.killed ? `did not end within ${timeout / 1000} s` : (signal ?? `exit code ${error.code}`);
      const why = code ?? [how, stderr.trim()].filter(Boolean).join(': ');
      reject(new ProgramFailed(`${program} failed: ${why}`, { code, signal, stdout }));
    });
    child.stdin?.end();
  });
}
