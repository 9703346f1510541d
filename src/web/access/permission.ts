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
 * @throws VoltError `token_needed` without a caller, `scope_needed` if the caller's token has a smaller scope
 */
export function requireScope(context: Context<WebEnv>, scope: TokenScope, what: string): void {
  if (may(context, scope)) return;
  const caller = context.get('caller');
  if (!caller) throw tokenNeeded(what);
  throw new VoltError(
    'scope_needed',
    `${what} needs a token of scope "${scope}"; ${caller.name} has "${caller.scope}"`,
    {
      remedy: `Use another token; who has one of scope "admin" makes them: \`volt token add NAME --scope ${scope}\`.`,
    },
  );
}

/** The error for a request without a token that needs one. */
export function tokenNeeded(what: string): VoltError {
  return new VoltError('token_needed', `${what} needs a token`, {
    remedy:
      'Send "Authorization: Bearer <token>", or sign in at /sign-in. The main token is in the file "token" of the data directory, or what VOLT_TOKEN says; `volt token add` makes others.',
  });
}
