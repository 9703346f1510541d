import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import type { WebEnv } from './env.ts';

/** Addresses that programs read which can send a user name and a password only (RFC 7617): the password is the token. */
const feeds: readonly string[] = ['/builds.atom', '/cctray.xml'];

/** The token that a request was sent with, right or wrong. */
export function bearerOf(context: Context<WebEnv>): string | undefined {
  const header = context.req.header('authorization') ?? '';
  const basic = isFeed(context) ? /^Basic\s+(\S+)\s*$/i.exec(header)?.[1] : undefined;
  if (basic === undefined) return /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1];
  return /:(.*)/s.exec(Buffer.from(basic, 'base64').toString('utf8'))?.[1];
}

/** Whether a program reads the address, which cannot sign in on a page. */
export function isFeed(context: Context<WebEnv>): boolean {
  return feeds.includes(context.req.path);
}

/** The error for a request that needs a token and has none, or a wrong one; the answer says how to send one. */
export function tokenNeeded(context: Context<WebEnv>, what: string): VoltError {
  context.header('www-authenticate', isFeed(context) ? 'Basic realm="Volt", charset="UTF-8"' : 'Bearer');
  if (bearerOf(context) !== undefined) {
    return new VoltError('token_wrong', `${what} needs a token, and the one that was sent is not known here`, {
      remedy:
        'Correct the header Authorization: the token is mistyped, revoked, or that of another Volt. The main token is in the file "token" of the data directory, or what VOLT_TOKEN says; `volt token add` makes others.',
    });
  }
  return new VoltError('token_needed', `${what} needs a token`, {
    remedy:
      'Send "Authorization: Bearer <token>", or sign in at /sign-in. The main token is in the file "token" of the data directory, or what VOLT_TOKEN says; `volt token add` makes others.',
  });
}
