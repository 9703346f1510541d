import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';

/** One process of the fleet, which faults kill, freeze and restart. */
export class Member {
  readonly name: string;
  readonly #command: () => readonly string[];
  readonly #env: Record<string, string>;
  readonly #log: string;
  readonly #died: (name: string, how: string, worked: boolean) => void;
  #child: ChildProcess | undefined;
  #expected = false;

  /**
   * @param command called at each start
   * @param died called when the process ends by itself; `worked` is whether it was ready before
   */
  constructor(
    name: string,
    command: () => readonly string[],
    options: { env: Record<string, string>; log: string; died: (name: string, how: string, worked: boolean) => void },
  ) {
    this.name = name;
    this.#command = command;
    this.#env = options.env;
    this.#log = options.log;
    this.#died = options.died;
  }

  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    if (this.running) return;
    const log = openSync(this.#log, 'a');
    const [program, ...args] = this.#command();
    // its own session, because the chaos run handles Ctrl-C and ends its fleet itself
    const child = spawn(program as string, args, { env: this.#env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.#child = child;
    this.#expected = false;
    const begin = statSync(this.#log).size;
    child.once('exit', (code, signal) => {
      if (!this.#expected && child === this.#child)
        this.#died(this.name, signal ?? `exit code ${code}`, this.#saidReady(begin));
    });
  }

  /** Kills it, and resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.running) return;
    this.#expected = true;
    this.#child?.kill('SIGKILL');
    await once(this.#child as ChildProcess, 'exit');
  }

  /** Sends SIGTERM, twice if it must hurry; kills it after `bound` ms. Resolves when it is gone. */
  async terminate(twice: boolean, bound: number): Promise<void> {
    if (!this.running) return;
    this.#expected = true;
    const ended = once(this.#child as ChildProcess, 'exit');
    this.#child?.kill('SIGTERM');
    // a second signal that comes too soon counts as an echo of the first
    const again = setTimeout(() => twice && this.#child?.kill('SIGTERM'), 500);
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), bound);
    await ended;
    clearTimeout(again);
    clearTimeout(late);
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Whether a stage reports after this position of its log that it is ready. */
  #saidReady(begin: number): boolean {
    return / ready\b/.test(readFileSync(this.#log).subarray(begin).toString());
  }
}
