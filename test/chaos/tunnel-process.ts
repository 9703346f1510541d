import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TunnelRequest } from './tunnel.ts';

/**
 * The process of a tunnel, see tunnel.ts: it forwards connections to a port of this machine. While it is cut, it
 * refuses connections, although the target still works for everybody else.
 */
class Forwarder {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** number of bytes after which each connection breaks off */
  #limit = Number.POSITIVE_INFINITY;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near) => this.#join(near, target));
  }

  static async open(target: number, address: string): Promise<Forwarder> {
    const server = createServer().listen(0, address);
    await once(server, 'listening');
    return new Forwarder(server, target);
  }

  /** Breaks off all connections, and refuses new ones. */
  cut(): void {
    this.#server.close();
    this.#breakOff();
  }

  async mend(): Promise<void> {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Breaks off each new connection after so many bytes from the target; undefined: never. */
  breakAfter(bytes: number | undefined): void {
    this.#limit = bytes ?? Number.POSITIVE_INFINITY;
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

const [target, address] = process.argv.slice(2);
const forwarder = await Forwarder.open(Number(target), String(address));
// its parent may have been killed
process.on('disconnect', () => process.exit());
process.on('message', async (request: TunnelRequest) => {
  if (request.kind === 'cut') forwarder.cut();
  else if (request.kind === 'mend') await forwarder.mend();
  else forwarder.breakAfter(request.bytes);
  process.send?.('done');
});
process.send?.(forwarder.port);
