import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Hands connections on to a port of this machine, as `ssh -L` or a sidecar does. While it is cut its own port refuses
 * connections, although what lies behind it is there for everybody else.
 */
export class Tunnel {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** bytes after which each connection breaks off */
  #limit = Number.POSITIVE_INFINITY;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near) => this.#join(near, target));
  }

  /**
   * @param target the port that connections are handed on to
   * @param address that it listens on
   */
  static async open(target: number, address = '127.0.0.1'): Promise<Tunnel> {
    const server = createServer().listen(0, address);
    await once(server, 'listening');
    return new Tunnel(server, target);
  }

  /** Breaks all connections off, and refuses new ones. */
  cut(): void {
    this.#server.close();
    this.#breakOff();
  }

  async mend(): Promise<void> {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Breaks off each connection that begins from now on after so many bytes of what the far end sends; undefined: none. */
  breakAfter(bytes: number | undefined): void {
    this.#limit = bytes ?? Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.#server.close();
    this.#breakOff();
  }

  #join(near: Socket, target: number): void {
    const far = connect(target, '127.0.0.1');
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    const limit = this.#limit;
    let passed = 0;
    far.on('data', (chunk: Buffer) => {
      passed += chunk.length;
      if (passed > limit) end();
      else if (!near.write(chunk)) far.pause();
    });
    near.on('drain', () => far.resume());
    far.on('end', () => near.end());
    near.pipe(far);
  }

  #breakOff(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }
}
