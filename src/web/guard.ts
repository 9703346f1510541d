import { createHmac } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { VoltError } from '../kernel/errors.ts';
import type { WebEnv } from './env.ts';
import { sameText } from './same-text.ts';

/** A browser stays signed in for this many seconds: 30 days. */
export const sessionLifetime = 30 * 24 * 3600;

/**
 * Knows the token and what is derived from it. A signed-in browser holds not the token but the time until which it is
 * signed in, with an authentication code (HMAC, RFC 2104) under the token: it needs no storage, outlives a restart, and
 * ends when the token is changed.
 */
export class Guard {
  readonly #token: string;
  /** Cookies do not tell ports apart; a name of its own keeps two Volts on one machine from signing each other out. */
  readonly cookie: string;

  constructor(token: string) {
    this.#token = token;
    this.cookie = `volt_session_${this.#code('cookie name').slice(0, 8)}`;
  }

  isToken(given: string): boolean {
    return sameText(given, this.#token);
  }

  /** The cookie's value for a browser that signs in now. */
  newSession(now = Date.now()): string {
    const until = Math.floor(now / 1000) + sessionLifetime;
    return `${until}.${this.#code(`session until ${until}`)}`;
  }

  isSession(value: string, now = Date.now()): boolean {
    const [until = '', code = ''] = value.split('.');
    return (
      /^\d{1,12}$/.test(until) && Number(until) * 1000 > now && sameText(code, this.#code(`session until ${until}`))
    );
  }

  /** Whether the request comes from somebody who may change things. */
  isSignedIn(context: Context<WebEnv>): boolean {
    const bearer = /^Bearer\s+(\S+)\s*$/i.exec(context.req.header('authorization') ?? '')?.[1];
    if (bearer !== undefined) return this.isToken(bearer);
    const session = getCookie(context, this.cookie);
    if (session === undefined || !this.isSession(session)) return false;
    // a browser sends its cookies along with what pages of other sites ask for
    return isReading(context) || comesFromOwnPage(context);
  }

  /**
   * The secret of a repository's webhook. It is derived and kept nowhere: it ends with the token, and when its salt
   * becomes another one.
   */
  hookSecret(repo: string, salt: string): string {
    return this.#code(`hook ${repo} ${salt}`);
  }

  #code(what: string): string {
    return createHmac('sha256', this.#token).update(`volt ${what}`).digest('hex');
  }
}

export function isReading(context: Context<WebEnv>): boolean {
  return context.req.method === 'GET' || context.req.method === 'HEAD';
}

/** Whether a browser says that one of our own pages made this request. Every browser sends one of the two headers. */
export function comesFromOwnPage(context: Context<WebEnv>): boolean {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = context.req.header('origin');
  return origin !== undefined && hostOf(origin) === context.req.header('host')?.toLowerCase();
}

/** The request came over the loopback interface, from this machine, and no proxy says that it passes on another's. */
export function comesFromThisMachine(context: Context<WebEnv>): boolean {
  const passedOn = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];
  if (passedOn.some((header) => context.req.header(header) !== undefined)) return false;
  const address = context.env.incoming.socket.remoteAddress ?? '';
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/** The error for a request that must carry the token and does not. */
export function tokenNeeded(what: string): VoltError {
  return new VoltError('token_needed', `${what} needs the token`, {
    remedy:
      'Send "Authorization: Bearer <token>", or sign in at /sign-in. The token is in the file "token" of the data directory, or what VOLT_TOKEN says.',
  });
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
}
