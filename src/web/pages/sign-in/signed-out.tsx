import type { Context } from 'hono';
import { listProviders } from '../../../record/providers.ts';
import { tokenNeeded } from '../../access/bearer.ts';
import { comesFromOwnPage } from '../../access/csrf.ts';
import type { WebEnv } from '../../access/env.ts';
import { stopSession } from '../../access/session-cookie.ts';
import type { Web } from '../../services.ts';
import { endSessionUrl } from '../../sign-in/end-session.ts';
import { answerSignInPage } from './frame.tsx';

/** Ends the session on the server and deletes this browser's cookie, before anything asks a provider. */
export async function signOut(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!comesFromOwnPage(context)) throw tokenNeeded(context, 'signing out from another site');
  const { provider } = await stopSession(context, web.guard);
  return context.redirect(provider === null ? '/' : `/sign-in/with/${provider}/signed-out`, 303);
}

/** `/sign-in/with/:name/signed-out`: offers to sign out at the provider, too, where that is possible. */
export async function signedOutPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const provider = (await listProviders(web.database)).find(({ name }) => name === context.req.param('name'));
  const url = provider && !context.get('caller') ? await endSessionUrl(provider) : undefined;
  if (!provider || !url) return context.redirect('/', 303);
  const { title } = provider;
  return answerSignInPage(context, web, {
    title: 'Signed out',
    heading: 'You are signed out',
    content: (
      <>
        <p>
          Your session in Volt has ended. You may still be signed in with {title}: then whoever uses this browser next
          can sign in here as you.
        </p>
        <ul class="providers">
          <li>
            <a class="button" href={url.href}>
              Sign out of {title}, too
            </a>
          </li>
        </ul>
        <p>
          <a href="/sign-in">Sign in again</a> or <a href="/">go to the start page</a>
        </p>
      </>
    ),
  });
}
