import { Redis } from 'ioredis';
import { connectionOptions } from './tls.ts';
import type { RedisAddress } from './url.ts';

/**
 * A connection that is opened by `connect()`, tries once and does not retry. Sentinels have a retry strategy of their own: with
 * ioredis's default it would retry for ever when they are unreachable or know no such master.
 * @param timeout milliseconds for the connection, and for each request to a sentinel
 */
export function openProbe(address: RedisAddress, timeout: number, further: { commandTimeout?: number } = {}): Redis {
  return new Redis({
    ...connectionOptions(address),
    lazyConnect: true,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: timeout,
    sentinelCommandTimeout: timeout,
    // it would wait while the server loads its data
    enableReadyCheck: false,
    ...further,
  });
}
