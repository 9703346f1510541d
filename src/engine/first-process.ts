import { spawn } from 'node:child_process';
import { toolEnvironment } from '../system/environment.ts';
import { sendSignal, statOf } from '../system/processes.ts';
import { within } from '../system/wait.ts';
import { killContainer } from './containers.ts';
import type { Engine } from './engine.ts';

/** Milliseconds for the engine to kill a container, before its first process is killed without it. */
const killPatience = 5000;

/** The first process of a container, with which all others end. */
export class FirstProcess {
  readonly pid: number;
  /** tells it from a later process with its id */
  readonly #startedAt: string | undefined;

  /** @param pid as the machine sees it; 0 where the container does not run */
  constructor(pid: number) {
    this.pid = pid;
    this.#startedAt = statOf(pid)?.startedAt;
  }

  get isAlive(): boolean {
    const now = statOf(this.pid);
    return now !== undefined && now.state !== 'Z' && now.startedAt === this.#startedAt;
  }

  /** Kills it by a signal, which needs no engine, but the right to do so. */
  kill(): void {
    if (this.pid === 0 || !this.isAlive) return;
    if (sendSignal(this.pid, 'SIGKILL') || !this.isAlive) return;
    // it may have a subordinate id of Volt's user, who is root of its user namespace
    const asRoot = [`--target=${this.pid}`, '--user', '--', 'sh', '-c', 'kill -KILL "$0"', String(this.pid)];
    spawn('nsenter', asRoot, { env: toolEnvironment(), stdio: 'ignore' }).on('error', () => undefined);
  }
}

/** Ends all processes of a container, without its engine where that does not answer. Never rejects. */
export async function endContainer(engine: Engine, id: string, first: FirstProcess): Promise<void> {
  const killing = killContainer(engine, id).then(
    () => true,
    () => false,
  );
  if ((await within(killing, killPatience)) !== true) first.kill();
}
