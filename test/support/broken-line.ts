import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A line to a server that breaks: it hands on what both sides send, and cuts connections off on the way. */
export class BrokenLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** connections that are still to be cut, each after so many bytes of the server's; what comes later is handed on whole */
  readonly cuts: number[] = [];
  /** bytes that the server has sent */
  received = 0;
  /** whether what the server sends is kept back, for ever */
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
  static async start(to: number): Promise<BrokenLine> {
    const line = new BrokenLine(to);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The address of what a URL of the server names, by this line. */
  url(url: string): string {
    const through = new URL(url);
    through.port = String(this.port);
    return through.href;
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}
