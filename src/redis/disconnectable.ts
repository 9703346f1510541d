import type { Redis } from 'ioredis';

/**
 * Makes a connection, and those that BullMQ duplicates from it, end at any time. Between two tries to reach a server
 * ioredis's `disconnect()` forgets the next try and nothing else: no `end` comes, and what waits for the server waits for
 * ever. Here that try is the last: it fails, or is ended as soon as it succeeds.
 */
export function disconnectable(redis: Redis): Redis {
  const disconnect = redis.disconnect.bind(redis);
  const duplicate = redis.duplicate.bind(redis);
  redis.disconnect = (reconnect = false) => {
    if (reconnect || redis.status !== 'reconnecting') return disconnect(reconnect);
    redis.options.retryStrategy = () => null;
    redis.options.sentinelRetryStrategy = () => null;
    redis.once('connect', () => disconnect());
  };
  redis.duplicate = ((...args: Parameters<typeof duplicate>) => {
    const copy = disconnectable(duplicate(...args) as Redis);
    // BullMQ does not listen any more when it has closed one whose last try is still to fail
    copy.on('error', () => undefined);
    return copy;
  }) as typeof redis.duplicate;
  return redis;
}
