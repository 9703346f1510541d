import { Redis } from 'ioredis';
import { connectionOptions } from './tls.ts';
import type { RedisAddress } from './url.ts';

/**
 * A connection that tries once and is not opened before `connect()`; what it cannot do fails, and nothing is tried again.
 * Behind sentinels ioredis has a second strategy for that: with its default, sentinels that cannot be reached, or know no
 * such master, would be asked for ever.
 * @param patience milliseconds that connecting may take, and each question to a sentinel
 */
export function openProbe(address: RedisAddress, patience: number, further: { commandTimeout?: number } = {}): Redis {
  return new Redis({
    ...connectionOptions(address),
    lazyConnect: true,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: patience,
    sentinelCommandTimeout: patience,
    // it would wait by itself while the server loads its data
    enableReadyCheck: false,
    ...further,
  });
}
