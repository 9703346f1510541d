import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What the process of a tunnel is asked to do; it answers when it is done. */
export type TunnelRequest = { kind: 'cut' } | { kind: 'mend' } | { kind: 'breakAfter'; bytes: number | undefined };

/**
 * Forwards connections to a port of this machine, as `ssh -L` or a sidecar does. It is a process of its own, as those
 * are: within the process of the test it would stand still for seconds on a busy machine, which is a fault that nobody
 * has asked for.
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
    const child = fork(join(import.meta.dirname, 'tunnel-process.ts'), [String(target), address]);
    const [port] = await once(child, 'message');
    return new Tunnel(child, port);
  }

  /** Breaks all connections off, and refuses new ones until `mend`. */
  async cut(): Promise<void> {
    await this.#ask({ kind: 'cut' });
  }

  async mend(): Promise<void> {
    await this.#ask({ kind: 'mend' });
  }

  /** Breaks off each connection that begins from now on after so many bytes of what the far end sends; undefined: none. */
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
