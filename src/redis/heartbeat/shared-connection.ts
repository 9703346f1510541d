import { once } from 'node:events';
import { openFailingFast, type RedisConnection } from '../connection.ts';
import { processOf } from '../local-server.ts';
import type { ProcessIdentity } from '../membership.ts';

/** The connection for all heartbeats of a process to one Redis. */
export interface SharedConnection {
  readonly connection: RedisConnection;
  /** resolves when it is connected for the first time, or released before */
  readonly connected: Promise<unknown>;
  /** the process of the server, if it is on this machine */
  readonly server: ProcessIdentity | undefined;
  /** The last release closes it. */
  release(): void;
}

interface Opened {
  connection: RedisConnection;
  connected: Promise<unknown>;
  server: ProcessIdentity | undefined;
  users: number;
}

/** by the URL of the Redis */
const opened = new Map<string, Opened>();

export function takeConnection(url: string): SharedConnection {
  const own = opened.get(url) ?? open(url);
  own.users++;
  return {
    connection: own.connection,
    connected: own.connected,
    get server() {
      return own.server;
    },
    release: () => {
      if (--own.users > 0) return;
      opened.delete(url);
      own.connection.disconnect();
    },
  };
}

function open(url: string): Opened {
  const connection = openFailingFast(url, 'heartbeats');
  const connected = once(connection, 'ready').catch(() => undefined);
  const own: Opened = { connection, connected, server: undefined, users: 0 };
  connection.on('ready', async () => {
    own.server = undefined;
    own.server = await processOf(connection).catch(() => undefined);
  });
  opened.set(url, own);
  return own;
}
