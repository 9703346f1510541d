import type { Context, MiddlewareHandler } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { FadingMap } from '../../kernel/fading-map.ts';
import { networkOf } from '../http/network.ts';
import { countedAs } from './caller.ts';
import { isReading } from './csrf.ts';
import type { WebEnv } from './env.ts';

/** How many calls may come at once, and how many more each second. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** Changes that one token, and one sender, may make: enough for a script that adds a thousand repositories. */
export const writeRate: Rate = { burst: 1000, perSecond: 20 };

/** Sign-ins at providers from one address: an office of some hundred people may have one. */
export const signInRate: Rate = { burst: 300, perSecond: 2 };

/** Tests of targets that one caller sends: each is mail to up to 50 addresses, in words of the caller's own. */
export const testRate: Rate = { burst: 20, perSecond: 1 / 30 };

/** The most callers that are remembered; a forgotten one has its whole burst again. */
const mostCallers = 10_000;

/** Limits how often each caller does something (a token bucket, as in ITU-T I.371). */
export class RateLimiter {
  readonly #rate: Rate;
  readonly #levels = new FadingMap<string, { left: number; at: number }>(Number.POSITIVE_INFINITY, mostCallers);

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Seconds after which a caller that was refused may call again. */
  get pause(): number {
    return Math.ceil(1 / this.#rate.perSecond);
  }

  /** @param now milliseconds */
  isExhausted(name: string, now = performance.now()): boolean {
    return this.#left(name, now) < 1;
  }

  /**
   * Counts one call.
   * @param now milliseconds
   * @returns whether the call is within the limit
   */
  take(name: string, now = performance.now()): boolean {
    const left = this.#left(name, now);
    this.#levels.set(name, { left: left >= 1 ? left - 1 : left, at: now });
    return left >= 1;
  }

  #left(name: string, now: number): number {
    const { burst, perSecond } = this.#rate;
    const known = this.#levels.get(name);
    return known ? Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond) : burst;
  }
}

/** Limits how often a caller makes changes, so that none fills the database or delays the others. */
export function limitedWrites(rate: Rate): MiddlewareHandler<WebEnv> {
  const writes = new RateLimiter(rate);
  return async (context, next) => {
    const caller = context.get('caller');
    if (!isReading(context)) {
      const names = [caller ? countedAs(caller) : 'nobody', `sender ${networkOf(context.get('source').address)}`];
      // every change counts for both
      if (names.filter((name) => !writes.take(name)).length > 0)
        throw rateLimited(context, writes, 'too many changes were requested');
    }
    return next();
  };
}

/** Limits how often a sender begins and ends sign-ins at providers, each of which Volt asks the provider for. */
export function limitedSignIns(rate: Rate): MiddlewareHandler<WebEnv> {
  const signIns = new RateLimiter(rate);
  return async (context, next) => {
    if (!signIns.take(networkOf(context.get('source').address)))
      throw rateLimited(context, signIns, 'too many sign-ins come from your address');
    return next();
  };
}

/** Limits how often a caller sends tests, so that nobody uses Volt to send mail to others. */
export function limitedTests(rate: Rate): MiddlewareHandler<WebEnv> {
  const tests = new RateLimiter(rate);
  return async (context, next) => {
    const caller = context.get('caller');
    if (caller && !tests.take(countedAs(caller))) throw rateLimited(context, tests, 'too many tests were sent');
    return next();
  };
}

/** The error for a caller that calls too often, with the time to wait. */
export function rateLimited(context: Context<WebEnv>, limiter: RateLimiter, message: string): VoltError {
  context.header('retry-after', String(limiter.pause));
  return new VoltError('rate_limited', message, {
    remedy: `Wait ${limiter.pause === 1 ? 'a second' : `${limiter.pause} seconds`}, then try again.`,
  });
}
