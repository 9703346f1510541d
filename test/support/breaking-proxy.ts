import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy to a server that breaks connections: it forwards what both sides send, and cuts connections. */
export class BreakingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /**
   * for each connection still to be cut, the number of server bytes after which it is cut; later connections are
   * forwarded whole
   */
  readonly cuts: number[] = [];
  /** bytes that the server has sent */
  received = 0;
  /** whether the proxy withholds everything that the server sends */
  hangs = false;

  private constructor(to: number) {
    this.#server = createServer((near) => {
      const far = connect(to, '127.0.0.1');
      let left = this.cuts.shift() ?? Number.POSITIVE_INFINITY;
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.on('data', (bytes: Buffer) => {
        this.received += bytes.length;
        if (this.hangs) return;
        near.write(bytes.subarray(0, left));
        left -= bytes.length;
        if (left <= 0) near.end();
      });
      far.on('end', () => near.end());
    });
  }

  /** @param to port of the server, on this machine */
  static async start(to: number): Promise<BreakingProxy> {
    const line = new BreakingProxy(to);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The URL, but through this proxy. */
  url(url: string): string {
    const through = new URL(url);
    through.port = String(this.port);
    return through.href;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Cuts all present connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }
}
