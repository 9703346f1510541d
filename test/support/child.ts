import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from './until.ts';

const root = join(import.meta.dirname, '../..');

/** A child process that runs a few lines of TypeScript, for what only shows when a process dies. */
export interface TestChild {
  readonly pid: number;
  /** Resolves with the next line that the child prints. */
  line(): Promise<string>;
  /** Kills it with SIGKILL, and resolves when it is gone. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with its exit code when it ends by itself. */
  ended(): Promise<number | null>;
}

/**
 * @param code a module; its imports are relative to the checkout, for example `./src/system/wait.ts`
 * @param options `env` is added to the environment
 */
export function startChild(code: string, options: { env?: Record<string, string>; args?: string[] } = {}): TestChild {
  return start(['--input-type=module', '--eval', code, '--', ...(options.args ?? [])], options.env);
}

/**
 * Starts a file instead. Programs that the child starts inherit its Node options, which would contain the code.
 * @param file in this folder
 */
export function startProgram(file: string, args: string[]): TestChild {
  return start([join(import.meta.dirname, file), ...args]);
}

function start(args: string[], env: Record<string, string> = {}): TestChild {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // 'close' comes after its output has been read
  let over = false;
  const exited = once(child, 'close').then(() => {
    over = true;
  });
  const lines: string[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return {
    pid: child.pid as number,
    line: async () => {
      // it may take long to load its sources on a busy machine
      await until('the child prints a line', () => lines.length > 0 || over, 50_000);
      const line = lines.shift();
      if (line === undefined) throw new Error(`the child ended (${child.exitCode ?? child.signalCode}) without a line`);
      return line;
    },
    kill: async () => {
      if (!over) child.kill('SIGKILL');
      await exited;
    },
    signal: (signal) => void child.kill(signal),
    ended: async () => {
      await exited;
      return child.exitCode;
    },
  };
}
