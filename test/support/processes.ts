import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { program, root } from './bundle.ts';
import { isRunning, startedBy } from './seen-processes.ts';
import { until } from './until.ts';

/** Volt's commands as processes; each test ends those that it has started. */
export class VoltProcesses {
  readonly #children: ChildProcess[] = [];

  /**
   * Starts `volt <args>` with only the search path and home of this process's environment.
   * @param inside a command that starts it, for example in a namespace
   */
  start(args: string[], env: Record<string, string> = {}, inside: readonly string[] = []): VoltProcess {
    const { PATH = '', HOME = '' } = process.env;
    const [command = '', ...rest] = [...inside, process.execPath, program, ...args];
    const child = spawn(command, rest, {
      cwd: root,
      env: { PATH, HOME, VOLT_ISOLATION: 'none', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    return new VoltProcess(child, args);
  }

  async end(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const servers = startedBy(child.pid as number, 'redis-server');
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await once(child, 'exit');
      // a Redis that Volt has started ends by itself, and writes to the data directory until then
      await until('the Redis of a killed Volt has ended', () => !servers.some((pid) => isRunning(pid, 'redis-server')));
    }
  }
}

export class VoltProcess {
  readonly #child: ChildProcess;
  readonly #args: string[];
  output = '';

  constructor(child: ChildProcess, args: string[]) {
    this.#child = child;
    this.#args = args;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk;
      });
    }
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async says(text: string | RegExp, timeout = 50_000): Promise<void> {
    const said = () => (typeof text === 'string' ? this.output.includes(text) : text.test(this.output));
    await until(
      `volt ${this.#args.join(' ')} says ${text}; it said: ${this.output.slice(-500)}`,
      () => said() || this.#ended,
      timeout,
    );
    if (!said())
      throw new Error(
        `volt ${this.#args.join(' ')} ended without saying ${text}; it said: ${this.output.slice(-2000)}`,
      );
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** @returns the exit code, or the signal that ended it */
  async ended(): Promise<number | NodeJS.Signals> {
    if (!this.#ended) await once(this.#child, 'exit');
    return this.#child.exitCode ?? (this.#child.signalCode as NodeJS.Signals);
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
