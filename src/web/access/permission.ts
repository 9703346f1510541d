import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { type TokenScope, tokenScopes } from '../../kernel/token-scope.ts';
import type { WebEnv } from './env.ts';

/** Whether the caller's token has this scope. */
export function may(context: Context<WebEnv>, scope: TokenScope): boolean {
  const caller = context.get('caller');
  return caller !== undefined && tokenScopes.indexOf(caller.scope) >= tokenScopes.indexOf(scope);
}

/**
 * @param what the request does, as the subject of a sentence
 * @throws VoltError `token_needed` or `token_wrong` without a caller, `scope_needed` if the caller's token has a smaller scope
 */
export function requireScope(context: Context<WebEnv>, scope: TokenScope, what: string): void {
  if (may(context, scope)) return;
  const caller = context.get('caller');
  if (!caller) throw tokenNeeded(context, what);
  throw new VoltError(
    'scope_needed',
    `${what} needs a token of scope "${scope}"; ${caller.name} has "${caller.scope}"`,
    {
      remedy: `Use another token; who has one of scope "admin" makes them: \`volt token add NAME --scope ${scope}\`.`,
    },
  );
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

/** The token that a request was sent with, right or wrong. */
export function bearerOf(context: Context<WebEnv>): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(context.req.header('authorization') ?? '')?.[1];
}
