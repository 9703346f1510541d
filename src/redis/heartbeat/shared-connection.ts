import { once } from 'node:events';
import { openFailingFast, type RedisConnection } from '../connection.ts';
import { processOf } from '../local-server.ts';
import type { ProcessIdentity } from '../membership.ts';

/** One connection for all heartbeats of a process to one Redis. */
export interface SharedConnection {
  readonly connection: RedisConnection;
  /** resolves when it is there for the first time, or has been given up before */
  readonly connected: Promise<unknown>;
  /** the process that was seen to be the server when the connection was made, where it is one of this machine */
  readonly server: ProcessIdentity | undefined;
  /** The last one who releases it closes it. */
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
