import { type ChildProcess, spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { errorText } from '../../kernel/errors.ts';
import { heartbeatText } from '../../kernel/supervisor-heartbeat.ts';
import { engineEnvironment } from '../../system/environment.ts';
import { ownProgram } from '../../system/own-program.ts';
import { streamDescriptor } from '../../system/stream-descriptor.ts';
import { within } from '../../system/wait.ts';
import { engineFailed } from '../connection.ts';
import { type KeeperNote, type KeeperTask, notesDescriptor } from './keeper-task.ts';

/** Milliseconds until it is ready, and until it has ended. */
const patience = 30_000;

/**
 * The process that ends a runner's containers, which are no children of the runner: when the lease runs out or the runner is gone.
 * It reads the lease from its standard input, as supervisors do (kernel/supervisor-heartbeat.ts).
 */
export class Keeper {
  /** resolves when it has ended, with whether somebody has killed it; else the containers are gone then */
  readonly ended: Promise<boolean>;
  /** whether it has ended by itself, so that the containers are gone */
  isDone = false;
  readonly #child: ChildProcess;
  readonly #ttl: number;

  private constructor(child: ChildProcess, ttl: number) {
    this.#child = child;
    this.#ttl = ttl;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code) => {
        this.isDone = code !== null;
        resolve(!this.isDone);
      });
    });
  }

  /** @throws VoltError `engine_failed` where it cannot be started */
  static async start(task: KeeperTask): Promise<Keeper> {
    const program = ownProgram(import.meta.url, 'keeper-process', 'keeper');
    const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(task)], {
      env: engineEnvironment(),
      // the last one is for the notes
      stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
      // what is typed at the terminal is not meant for it
      detached: true,
    });
    for (const stream of [child.stdin, child.stdio[notesDescriptor]]) stream?.on('error', () => undefined);
    const ready = new Promise<string>((resolve) => {
      child.stdout?.once('data', () => resolve(''));
      child.once('error', (error) => resolve(errorText(error)));
      child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`));
    });
    const problem = (await within(ready, patience)) ?? `it is not ready after ${patience / 1000} s`;
    if (problem === '') return new Keeper(child, task.ttl);
    child.kill('SIGKILL');
    throw engineFailed(`the process that ends containers of a lost runner does not start: ${problem}`);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Descriptor of its standard input, for another thread that renews the lease. */
  get descriptor(): number | undefined {
    return streamDescriptor(this.#child.stdin);
  }

  /** Renews the lease. @param left seconds that it holds from now */
  beat(left: number): void {
    this.#child.stdin?.write(heartbeatText(left, this.#ttl));
  }

  /** Tells it the first process of a container. @param pid as the machine sees it */
  note(pid: number): void {
    this.#write({ pid });
  }

  /** Tells it that a build runs. @param group name of a `BuildGroup` */
  noteBuild(group: string): void {
    this.#write({ build: group });
  }

  forgetBuild(group: string): void {
    this.#write({ built: group });
  }

  #write(note: KeeperNote): void {
    const notes = this.#child.stdio[notesDescriptor];
    if (notes instanceof Writable) notes.write(`${JSON.stringify(note)}\n`);
  }

  /** Has it remove what is left, and end. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    await within(this.ended, patience);
  }
}
