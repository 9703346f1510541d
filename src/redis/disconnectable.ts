import type { Redis } from 'ioredis';

/**
 * Makes `disconnect()` work at any time, also for the duplicates that BullMQ makes of a connection. While ioredis waits to
 * reconnect, its own `disconnect()` only cancels the next try: no `end` follows, and commands wait for ever. Here the next
 * try is the last one: it fails, or is disconnected as soon as it succeeds.
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
    // BullMQ stops listening to a closed duplicate before its last try fails
    copy.on('error', () => undefined);
    return copy;
  }) as typeof redis.duplicate;
  return redis;
}
