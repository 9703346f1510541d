import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import type { WebEnv } from './env.ts';

/** The token that a request was sent with, right or wrong. */
export function bearerOf(context: Context<WebEnv>): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(context.req.header('authorization') ?? '')?.[1];
}

/** The error for a request that needs a token and has none, or a wrong one. */
export function tokenNeeded(context: Context<WebEnv>, what: string): VoltError {
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
