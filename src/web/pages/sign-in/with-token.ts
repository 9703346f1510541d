import type { Context } from 'hono';
import { actorOf, logAction } from '../../access/audit.ts';
import type { WebEnv } from '../../access/env.ts';
import { startSession } from '../../access/session-cookie.ts';
import { ownPath } from '../../http/own-path.ts';
import type { Web } from '../../services.ts';
import { answerElsewhere } from './elsewhere.tsx';
import { answerSignIn, isSignInAddress } from './form.tsx';

/** Exchanges a token for a session cookie. */
export async function signIn(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!isSignInAddress(context, web)) {
    context.status(403);
    return answerElsewhere(context, web);
  }
  const { token, next } = await context.req.parseBody();
  const onward = ownPath(next);
  const caller = typeof token === 'string' ? await web.guard.callerWith(token.trim(), context) : undefined;
  if (!caller) {
    if (web.guard.logsFailureOf(context.get('source').address))
      await logAction(web, context, { actor: 'unknown', action: 'sign-in', status: 401 });
    context.status(401);
    const remedy = 'Copy it again; it may be revoked, or that of another Volt.';
    return answerSignIn(context, web, onward, { code: 'token_wrong', message: 'This token is not valid', remedy });
  }
  await logAction(web, context, { ...actorOf(caller), action: 'sign-in', status: 303 });
  const of = { person: caller.person?.id ?? null, token: caller.token?.id ?? null, provider: null };
  await startSession(context, web.guard, of);
  return context.redirect(onward, 303);
}
