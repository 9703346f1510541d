import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { within } from '../../system/wait.ts';

/** Milliseconds for the engine to end what it does for a request. */
const patience = 10_000;

/**
 * Forwards requests to an engine. Docker goes on with a build as long as its request lasts, which a runner that is frozen would not
 * end.
 */
export class Forwarder {
  readonly #server: Server;
  readonly #pairs = new Set<{ near: Socket; far: Socket }>();

  private constructor(engine: string) {
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ path: engine, allowHalfOpen: true });
      const pair = { near, far };
      this.#pairs.add(pair);
      for (const socket of [near, far]) socket.on('error', () => socket.destroy());
      near.once('close', () => far.destroy());
      far.once('close', () => {
        this.#pairs.delete(pair);
        near.destroy();
      });
      near.pipe(far).pipe(near);
    });
  }

  /**
   * @param path of the socket at which it listens, in a folder that only this user enters
   * @param engine path of the engine's socket
   * @throws Error where it cannot listen
   */
  static async start(path: string, engine: string): Promise<Forwarder> {
    const forwarder = new Forwarder(engine);
    // one of an earlier process with the same runner
    rmSync(path, { force: true });
    forwarder.#server.listen(path);
    await once(forwarder.#server, 'listening');
    return forwarder;
  }

  /** Ends all requests, and resolves when the engine has ended what it did for them. Never rejects. */
  async end(): Promise<void> {
    this.#server.close();
    await Promise.all([...this.#pairs].map(endPair));
  }
}

async function endPair({ near, far }: { near: Socket; far: Socket }): Promise<void> {
  const closed = new Promise<void>((resolve) => far.once('close', () => resolve()));
  near.removeAllListeners('close').unpipe(far);
  far.unpipe(near);
  near.destroy();
  // the engine closes the connection when it is done; what it still says is for nobody
  far.resume().end();
  await within(closed, patience);
  far.destroy();
}
