import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { personWith } from '../../record/identities.ts';
import { providerWithSecret } from '../../record/providers.ts';
import { endSessionsAt } from '../../record/sessions.ts';
import { useSignIn } from '../../record/used-sign-ins.ts';
import { logAction } from '../access/audit.ts';
import type { WebEnv } from '../access/env.ts';
import type { Web } from '../services.ts';
import { clockTolerance } from './faults.ts';
import { checkLogoutToken, logoutTokenAge } from './logout-token.ts';

/** Milliseconds for which a token could be sent again. */
const lifetime = (logoutTokenAge + 2 * clockTolerance) * 1000;

/**
 * `POST /sign-in/with/:name/logout`: a provider tells that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0).
 * All sessions end that the person began with that provider. A token counts once.
 * @throws VoltError `not_found`, `bad_signature`, `provider_unreachable`, `provider_refused`
 */
export async function backChannelLogout(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = context.req.param('name') ?? '';
  const provider = await providerWithSecret(web.database, web.config, name);
  const { logout_token: token } = await context.req.parseBody();
  const { subject, id } = await checkLogoutToken(provider, String(token ?? ''));
  if (!(await useSignIn(web.database, `logout ${name} ${id}`, serverNow() + lifetime))) {
    throw new VoltError('bad_signature', 'the logout token has been used already', {
      remedy: 'Send a new one for each time that somebody signs out.',
    });
  }
  const person = await personWith(web.database, { issuer: provider.url, subject });
  if (person) {
    await endSessionsAt(web.database, person.id, name);
    context.set('target', name);
    await logAction(web, context, { actor: person.name, person: person.id, action: 'sign-out', status: 200 });
  }
  // the provider learns nothing about who has been here
  return context.body(null, 200, { 'cache-control': 'no-store' });
}
