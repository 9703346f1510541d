import { once } from 'node:events';
import { openFailingFast, type RedisConnection } from '../connection.ts';
import { processOf } from '../find-server-process.ts';
import type { ProcessIdentity } from '../membership.ts';

/** by the URL of the Redis */
const opened = new Map<string, SharedConnection>();

/** The connection for all heartbeats of a process to one Redis. */
export class SharedConnection {
  readonly connection: RedisConnection;
  /** resolves when it is connected for the first time, or released before */
  readonly connected: Promise<unknown>;
  /** the process of the server, if it is on this machine */
  server: ProcessIdentity | undefined;
  readonly #url: string;
  #users = 0;

  private constructor(url: string) {
    this.#url = url;
    this.connection = openFailingFast(url, 'heartbeats');
    this.connected = once(this.connection, 'ready').catch(() => undefined);
    this.connection.on('ready', async () => {
      this.server = undefined;
      this.server = await processOf(this.connection).catch(() => undefined);
    });
  }

  static take(url: string): SharedConnection {
    const shared = opened.get(url) ?? new SharedConnection(url);
    opened.set(url, shared);
    shared.#users++;
    return shared;
  }

  /** The last release closes it. */
  release(): void {
    if (--this.#users > 0) return;
    opened.delete(this.#url);
    this.connection.disconnect();
  }
}
