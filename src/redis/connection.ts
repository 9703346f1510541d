import { Redis, type RedisOptions } from 'ioredis';
import { disconnectable } from './disconnectable.ts';
import { connectionOptions } from './tls.ts';
import { parseRedisUrl } from './url.ts';

export type RedisConnection = Redis;

/**
 * Milliseconds without an answer after which a connection counts as dead, though nobody has closed it: the network is cut, or a
 * machine is gone. TCP itself would retry for up to a quarter of an hour. Longer than any blocking read waits.
 */
const deadAfter = 15_000;
/** The same for heartbeats, which must resume as soon as the network is back. */
const heartbeatDeadAfter = 3000;

/**
 * Reconnects for ever, at most 1 s after an outage has ended; BullMQ's default waits up to 20 s.
 * @returns milliseconds until the next try
 */
const retryStrategy = (times: number): number => Math.min(100 * times, 1000);
/** How often (ms) a server that loads its data is checked; the default is up to 10 s. */
const maxLoadingRetryTime = 500;

/**
 * After a failover the former master may be a replica: then ioredis finds the new master and sends the command there, which it
 * calls 2.
 */
const reconnectOnError = (error: Error): 2 | false => (error.message.startsWith('READONLY') ? 2 : false);

type OutageOptions = Required<Pick<RedisOptions, 'enableOfflineQueue' | 'maxRetriesPerRequest' | 'socketTimeout'>>;

/** A connection whose commands wait for the end of an outage. */
export function openWaiting(url: string, name: string): RedisConnection {
  return open(url, name, { enableOfflineQueue: true, maxRetriesPerRequest: null, socketTimeout: deadAfter });
}

/**
 * A connection for heartbeats: its commands fail at once during an outage, and it reconnects after `heartbeatDeadAfter` without
 * an answer.
 */
export function openFailingFast(url: string, name: string): RedisConnection {
  return open(url, name, { enableOfflineQueue: false, maxRetriesPerRequest: 0, socketTimeout: heartbeatDeadAfter });
}

function open(url: string, name: string, duringOutage: OutageOptions): RedisConnection {
  const address = parseRedisUrl(url);
  const redis = disconnectable(
    new Redis({
      ...connectionOptions(address),
      ...duringOutage,
      ...(address.sentinels ? { reconnectOnError } : {}),
      retryStrategy,
      maxLoadingRetryTime,
      connectTimeout: 5000,
      // Redis refuses a name with a space
      connectionName: name.replaceAll(' ', ':'),
    }),
  );
  // connect.ts logs outages
  redis.on('error', () => undefined);
  return redis;
}
