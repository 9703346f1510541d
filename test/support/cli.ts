import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program, root } from './bundle.ts';
import { until } from './until.ts';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface StartOptions {
  /** added to an environment without Volt's variables */
  env?: Record<string, string>;
  cwd?: string;
  /** what to run instead of `volt` */
  script?: string;
  /** its standard input; closed without it */
  input?: string;
}

/** A process of Volt's command line, as a person would start it. */
export class VoltProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(args: string[], { env = {}, cwd = root, script = program, input }: StartOptions = {}) {
    this.child = spawn(process.execPath, [script, ...args], {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.end(input);
    this.child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Waits until standard output matches; fails if the process ends first. */
  async says(pattern: RegExp, timeout = 30_000): Promise<RegExpExecArray> {
    return until(
      `${pattern}`,
      () => {
        const found = pattern.exec(this.stdout);
        if (!found && !this.running)
          throw new Error(`it has ended without saying ${pattern}:\n${this.stdout}${this.stderr}`);
        return found;
      },
      timeout,
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async ended(): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** Stops it in order, and kills it if it has not ended in time. */
  async stop(): Promise<Ended> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), 25_000);
    if (this.running) this.child.kill('SIGTERM');
    const end = await this.ended();
    clearTimeout(late);
    return end;
  }
}

/** Runs `volt` until it ends. */
export async function volt(args: string[], options: StartOptions = {}): Promise<Ended> {
  return new VoltProcess(args, options).ended();
}

/** A folder that the test removes again. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'volt-cli-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
