import type { RedisConnection } from './connection.ts';

/** A Redis server from its start, or from when it became the master, until it ends. */
export interface ServerRun {
  /** `run_id` of INFO: each start of a server has another one */
  id: string;
  /** `performance.now()` since when this process knows that the server serves */
  since: number;
}

/**
 * Knows which run of the server a connection speaks to. A server that was started again, or has replaced its master, may have
 * lost the last second of writes: Redis syncs its append-only file, and sends to replicas, after it has answered.
 */
export class ServerRuns {
  readonly #client: RedisConnection;
  #latest: ServerRun | undefined;
  #asking: Promise<ServerRun> | undefined;

  constructor(client: RedisConnection) {
    this.#client = client;
    client.on('close', () => {
      this.#asking = undefined;
    });
  }

  /** The present run. While Redis is away, it resolves when Redis is back. */
  async current(): Promise<ServerRun> {
    this.#asking ??= this.#ask();
    const asking = this.#asking;
    const run = await asking.catch((error) => {
      if (this.#asking === asking) this.#asking = undefined;
      throw error;
    });
    // the connection was closed before the answer came
    return this.#asking === asking ? run : this.current();
  }

  async #ask(): Promise<ServerRun> {
    const info = await this.#client.info('server');
    const id = /^run_id:(\w+)/m.exec(info)?.[1] ?? '';
    if (this.#latest?.id === id) return this.#latest;
    const uptime = Number(/^uptime_in_seconds:(\d+)/m.exec(info)?.[1] ?? 0) * 1000;
    // a replica that has replaced its master has started long before
    const since = performance.now() - (this.#latest ? 0 : uptime);
    this.#latest = { id, since };
    return this.#latest;
  }
}
