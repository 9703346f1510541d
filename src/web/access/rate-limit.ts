import type { Context, MiddlewareHandler } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { networkOf } from '../http/network.ts';
import { Buckets, type Rate } from './buckets.ts';
import { isReading } from './csrf.ts';
import type { WebEnv } from './env.ts';

/** Changes that one token, and one sender, may ask for; a script that adds a thousand repositories is within it. */
export const writeRate: Rate = { burst: 1000, perSecond: 20 };

/** Bounds how often a caller asks for changes, so that none fills the record or keeps the others waiting. */
export function limitedWrites(rate: Rate): MiddlewareHandler<WebEnv> {
  const writes = new Buckets(rate);
  return async (context, next) => {
    const caller = context.get('caller');
    if (!isReading(context)) {
      const names = [`token ${caller?.id}`, `sender ${networkOf(context.get('source').address)}`];
      // both are taken from, whichever is empty
      if (names.filter((name) => !writes.take(name)).length > 0)
        throw rateLimited(context, writes, 'more changes are asked for than Volt takes');
    }
    return next();
  };
}

/** The error for who comes too often; tells when to come again. */
export function rateLimited(context: Context<WebEnv>, buckets: Buckets, message: string): VoltError {
  context.header('retry-after', String(buckets.pause));
  return new VoltError('rate_limited', message, {
    remedy: `Wait; the next is taken after ${buckets.pause === 1 ? 'a second' : `${buckets.pause} seconds`}.`,
  });
}
