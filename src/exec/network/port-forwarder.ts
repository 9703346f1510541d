import { type ChildProcess, spawn } from 'node:child_process';
import { VoltError } from '../../kernel/errors.ts';
import { toolEnvironment } from '../../system/environment.ts';
import { errorText } from '../../system/error-text.ts';
import { ownProgram } from '../../system/own-program.ts';
import { within } from '../../system/wait.ts';
import { programPath } from '../programs.ts';

/** Milliseconds until it listens, and until it has ended. */
const patience = 30_000;

/** A port at the loopback addresses of a job's network, and where its connections lead. */
export interface ForwardedPort {
  /** a free one if absent */
  port?: number;
  to: { host: string; port: number };
}

/** What the process is started with, as JSON in its argument. */
export interface ForwarderTask {
  ports: readonly ForwardedPort[];
  /** command line that runs what follows in the job's network */
  enter: readonly string[];
}

/** What the process says once, as JSON. */
export type ForwarderAnswer = { ports: number[] } | { problem: string };

/**
 * Connects ports in the network of a job to addresses that the machine reaches, such as those of containers. A process of its own
 * holds the connections, since they may carry much. It listens in the job's network, but is not in the job's reach.
 */
export class PortForwarder {
  /** ports in the job's network, in the order in which they were asked for */
  readonly ports: readonly number[];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess, ports: readonly number[]) {
    this.#child = child;
    this.ports = ports;
    this.#ended = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /**
   * @param pid of a process in the network
   * @param rootless whether Volt is not root, so that the network belongs to a user namespace of its own
   * @throws VoltError `spawn_failed` where it cannot listen, as on a port that is taken
   */
  static async open(pid: number, rootless: boolean, ports: readonly ForwardedPort[]): Promise<PortForwarder> {
    const user = rootless ? ['--user', '--preserve-credentials'] : [];
    const task: ForwarderTask = { ports, enter: [programPath('nsenter'), `--target=${pid}`, '--net', ...user, '--'] };
    const program = ownProgram(import.meta.url, 'forwarder-process', 'forwarder');
    const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(task)], {
      env: toolEnvironment(),
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    child.stdin.on('error', () => undefined);
    const answered = new Promise<ForwarderAnswer>((resolve) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk;
        if (said.endsWith('\n')) resolve(JSON.parse(said));
      });
      child.once('error', (error) => resolve({ problem: errorText(error) }));
      child.once('exit', (code) => resolve({ problem: `its process ended with code ${code}` }));
    });
    const answer = (await within(answered, patience)) ?? { problem: `it did not listen within ${patience / 1000} s` };
    if ('ports' in answer) return new PortForwarder(child, answer.ports);
    child.kill('SIGKILL');
    throw new VoltError('spawn_failed', `cannot forward ports into the job's network: ${answer.problem}`, {
      remedy: 'Give each service another port.',
    });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), patience);
    await this.#ended;
    clearTimeout(late);
  }
}
