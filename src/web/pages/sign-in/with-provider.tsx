import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { VoltError } from '../../../kernel/errors.ts';
import { noteIdentity } from '../../../record/identities.ts';
import type { Person } from '../../../record/people.ts';
import { providerWithSecret } from '../../../record/providers.ts';
import { useSignIn } from '../../../record/used-sign-ins.ts';
import { logAction } from '../../access/audit.ts';
import type { WebEnv } from '../../access/env.ts';
import { startSession } from '../../access/session-cookie.ts';
import { ownPath } from '../../http/own-path.ts';
import type { Web } from '../../services.ts';
import { clientFor } from '../../sign-in/client-for.ts';
import {
  beginSignIn,
  expired,
  type PendingSignIn,
  resumeSignIn,
  signInCookie,
  signInTime,
} from '../../sign-in/pending-sign-in.ts';
import { answerElsewhere } from './elsewhere.tsx';
import { answerSignIn, isSignInAddress } from './form.tsx';
import { answerSignInPage } from './frame.tsx';

/** `/sign-in/with/:name`: sends the browser to a provider. */
export async function beginWithProvider(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!isSignInAddress(context, web)) return answerElsewhere(context, web);
  const next = context.req.query('next');
  const { origin } = context.get('source');
  const provider = context.req.param('name') ?? '';
  const place = { provider, origin };
  const { pending, cookie } = beginSignIn(place, next, (text) => web.guard.signInCode(text));
  const { request } = pending;
  try {
    const client = clientFor(await providerWithSecret(web.database, web.config, provider));
    const address = await client.begin(request);
    // the browser comes back from another site, so a strict cookie would not come with it
    setCookie(context, signInCookie(origin, request.state), cookie, {
      ...{ httpOnly: true, sameSite: 'Lax', secure: origin.startsWith('https:'), path: '/' },
      maxAge: signInTime / 1000,
    });
    return context.redirect(address.href, 303);
  } catch (error) {
    return answerFailure(context, web, ownPath(next), error);
  }
}

/** `/sign-in/with/:name/callback`: where the provider sends the browser back to. */
export async function finishWithProvider(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!isSignInAddress(context, web)) return answerElsewhere(context, web);
  let next = '/';
  try {
    const pending = await pendingSignIn(context, web);
    next = pending.next;
    const person = await personOf(context, web, pending);
    await startSession(context, web.guard, {
      person: person.id,
      token: null,
      provider: context.req.param('name') ?? '',
    });
    await logAction(web, context, { actor: person.name, person: person.id, action: 'sign-in', status: 303 });
    return answerSignedIn(context, web, person, next);
  } catch (error) {
    if (web.guard.logsFailureOf(context.get('source').address))
      await logAction(web, context, { actor: 'unknown', action: 'sign-in', status: statusOf(error) });
    return answerFailure(context, web, next, error);
  }
}

/**
 * The sign-in that this browser has begun, which ends now.
 * @throws VoltError `sign_in_expired`
 */
async function pendingSignIn(context: Context<WebEnv>, { database, guard }: Web): Promise<PendingSignIn> {
  const { origin } = context.get('source');
  const state = context.req.query('state') ?? '';
  const name = signInCookie(origin, /^[0-9a-f]{64}$/.test(state) ? state : '');
  const cookie = getCookie(context, name);
  const place = { provider: context.req.param('name') ?? '', origin };
  const pending = resumeSignIn(place, cookie, (text) => guard.signInCode(text));
  if (pending.request.state !== state) throw expired();
  deleteCookie(context, name, { path: '/', secure: origin.startsWith('https:') });
  if (!(await useSignIn(database, state, pending.until))) throw expired();
  return pending;
}

/** Who the provider says has come back. @throws VoltError `sign_in_refused`, and errors of the provider */
async function personOf(context: Context<WebEnv>, web: Web, { request }: PendingSignIn): Promise<Person> {
  const provider = await providerWithSecret(web.database, web.config, context.req.param('name') ?? '');
  const answer = new URL(context.req.url).searchParams;
  const told = await clientFor(provider).finish(request, answer);
  const person = await noteIdentity(web.database, web.config, told);
  if (person.blockedAt === null) return person;
  throw new VoltError('sign_in_refused', `${person.name} may not sign in`, {
    remedy: 'An administrator has blocked this person: ask one.',
  });
}

/**
 * A page that opens the next one: a browser that another site has sent here would not send the new cookie, which is strict, to
 * a page that it is redirected to.
 */
function answerSignedIn(context: Context<WebEnv>, web: Web, { displayName }: Person, next: string): Promise<Response> {
  context.header('refresh', `0; url=${next}`);
  return answerSignInPage(context, web, {
    title: 'Signed in',
    heading: 'You are signed in',
    content: (
      <p>
        Welcome, {displayName}. <a href={next}>Continue to Volt</a>
      </p>
    ),
  });
}

/** The sign-in page says what went wrong, and has the other ways in. @throws what is no VoltError */
function answerFailure(context: Context<WebEnv>, web: Web, next: string, error: unknown): Promise<Response> {
  if (!(error instanceof VoltError)) throw error;
  context.status(statusOf(error) as ContentfulStatusCode);
  return answerSignIn(context, web, next, error);
}

function statusOf(error: unknown): number {
  return error instanceof VoltError ? error.httpStatus : 500;
}
