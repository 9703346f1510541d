import { Redis } from 'ioredis';
import { disconnectable } from './disconnectable.ts';
import { connectionOptions } from './tls.ts';
import { parseRedisUrl } from './url.ts';

export type RedisConnection = Redis;

/**
 * A command that nothing has answered for this long (ms) shows that the connection is dead, though nobody has closed it:
 * the network is cut, or a machine is gone. TCP itself would try for up to a quarter of an hour, at intervals of up to two
 * minutes. Longer than any blocking read waits.
 */
const deadAfter = 15_000;
/** The same for heartbeats, which have to be back at once when the network is. */
const heartbeatDeadAfter = 3000;

/**
 * Reconnects quickly and for ever: BullMQ's own default waits up to 20 s after an outage, this one at most 1 s.
 * @returns milliseconds until the next try
 */
const retryStrategy = (times: number): number => Math.min(100 * times, 1000);
/** While a server loads its data it is asked this often (ms) whether it is done; the default is up to 10 s. */
const maxLoadingRetryTime = 500;

/**
 * A server that was the master before a failover may be a replica when it is met again: then another one is looked for,
 * and the command is sent there. 2 means that, see ioredis.
 */
const reconnectOnError = (error: Error): 2 | false => (error.message.startsWith('READONLY') ? 2 : false);

/** How a connection behaves while the server is away. */
interface OutageBehaviour {
  enableOfflineQueue: boolean;
  maxRetriesPerRequest: number | null;
  socketTimeout: number;
}

const waiting: OutageBehaviour = { enableOfflineQueue: true, maxRetriesPerRequest: null, socketTimeout: deadAfter };
const failingFast: OutageBehaviour = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  socketTimeout: heartbeatDeadAfter,
};

/** A connection on which commands wait for the server while it is away. */
export function openWaiting(url: string, name: string): RedisConnection {
  return open(url, name, waiting);
}

/**
 * A connection for heartbeats: its commands fail at once while the server is away, instead of waiting for it, and where
 * nothing is heard for `impatience`, a new connection is tried.
 */
export function openFailingFast(url: string, name: string): RedisConnection {
  return open(url, name, failingFast);
}

function open(url: string, name: string, manners: OutageBehaviour): RedisConnection {
  const address = parseRedisUrl(url);
  const redis = disconnectable(
    new Redis({
      ...connectionOptions(address),
      ...manners,
      ...(address.sentinels ? { reconnectOnError } : {}),
      retryStrategy,
      maxLoadingRetryTime,
      connectTimeout: 5000,
      // Redis refuses a name that holds a space
      connectionName: name.replaceAll(' ', ':'),
    }),
  );
  // somebody else says that the server is away
  redis.on('error', () => undefined);
  return redis;
}
