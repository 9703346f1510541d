import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { type TokenScope, tokenScopes } from '../../kernel/token-scope.ts';
import type { WebEnv } from './env.ts';

/** Whether the caller may do what needs this scope. */
export function may(context: Context<WebEnv>, scope: TokenScope): boolean {
  const caller = context.get('caller');
  return caller !== undefined && tokenScopes.indexOf(caller.scope) >= tokenScopes.indexOf(scope);
}

/**
 * @param what is asked for, as the subject of a sentence
 * @throws VoltError `token_needed` of nobody who is known, `scope_needed` of somebody whose token is not good for it
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

/** The error for a request that must carry a token and does not. */
export function tokenNeeded(what: string): VoltError {
  return new VoltError('token_needed', `${what} needs a token`, {
    remedy:
      'Send "Authorization: Bearer <token>", or sign in at /sign-in. The main token is in the file "token" of the data directory, or what VOLT_TOKEN says; `volt token add` makes others.',
  });
}
