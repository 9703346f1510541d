import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Requests to the process of a tunnel; it answers when they are done. */
export type TunnelRequest = { kind: 'cut' } | { kind: 'mend' } | { kind: 'breakAfter'; bytes: number | undefined };

/**
 * Forwards connections to a port of this machine, as `ssh -L` or a sidecar does. It is a separate process like those,
 * because inside the test's process it would stop for seconds on a busy machine.
 * @param target the port to forward to
 * @param address that it listens on
 */
export class Tunnel {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /**
   * @param target the port that connections are forwarded to
   * @param address that it listens on
   */
  static async open(target: number, address = '127.0.0.1'): Promise<Tunnel> {
    const program = join(import.meta.dirname, 'tunnel-process.ts');
    // `npm test` bundles this file, but not that one
    const child = fork(program, [String(target), address], { execArgv: ['--import=tsx'] });
    const [port] = await once(child, 'message');
    return new Tunnel(child, port);
  }

  /** Breaks off all connections, and refuses new ones until `mend`. */
  async cut(): Promise<void> {
    await this.#ask({ kind: 'cut' });
  }

  async mend(): Promise<void> {
    await this.#ask({ kind: 'mend' });
  }

  /** Breaks off each new connection after so many bytes from the target; undefined: never. */
  async breakAfter(bytes: number | undefined): Promise<void> {
    await this.#ask({ kind: 'breakAfter', bytes });
  }

  close(): void {
    this.#child.kill();
  }

  /** One request at a time. */
  async #ask(request: TunnelRequest): Promise<void> {
    this.#child.send(request);
    await once(this.#child, 'message');
  }
}
