import { once } from 'node:events';
import { openImpatient, type RedisConnection } from '../connection.ts';

/** One connection for all heartbeats of a process to one Redis. */
export interface SharedConnection {
  readonly connection: RedisConnection;
  /** resolves when it is there for the first time, or has been given up before */
  readonly connected: Promise<unknown>;
  /** The last one who releases it closes it. */
  release(): void;
}

interface Opened {
  connection: RedisConnection;
  connected: Promise<unknown>;
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
    release: () => {
      if (--own.users > 0) return;
      opened.delete(url);
      own.connection.disconnect();
    },
  };
}

function open(url: string): Opened {
  const connection = openImpatient(url, 'heartbeats');
  const connected = once(connection, 'ready').catch(() => undefined);
  const own = { connection, connected, users: 0 };
  opened.set(url, own);
  return own;
}
