import type { Context } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { logAction } from '../access/audit.ts';
import { tokenNeeded } from '../access/bearer.ts';
import { comesFromOwnPage } from '../access/csrf.ts';
import type { WebEnv } from '../access/env.ts';
import { sessionLifetime } from '../access/guard.ts';
import { maySignInAt } from '../access/sign-in-address.ts';
import { isElsewhere } from '../http/hosts.ts';
import { ownPath } from '../http/own-path.ts';
import type { Web } from '../services.ts';
import { Command } from './command.tsx';
import { answerPage } from './layout.tsx';

/** `/sign-in`: the form for the token, or the address that has the form. */
export async function signInPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!maySignInAt(context.get('source').origin, signInHosts(web))) return answerElsewhere(context, web);
  return answerForm(context, web, ownPath(context.req.query('next')));
}

/** @param next safe path to open after signing in */
function answerForm(context: Context<WebEnv>, web: Web, next: string, wrong = false): Promise<Response> {
  return answerPage(context, web, {
    title: 'Sign in',
    section: 'sign-in',
    confidential: true,
    content: (
      <form class="sign-in" method="post" action="/sign-in">
        <h1>Sign in</h1>
        <p>
          Sign in with an access token. The admin token is in <code>.volt/token</code> (the file <code>token</code> of
          the data directory), or in <code>VOLT_TOKEN</code> if that is set. Create others with{' '}
          <Command line="volt token add NAME" />.
        </p>
        {wrong && (
          <p class="wrong" role="alert">
            This token is not valid.
          </p>
        )}
        <input type="hidden" name="next" value={next} />
        <label>
          Access token
          <input name="token" type="password" autocomplete="current-password" required autofocus />
        </label>
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
    ),
  });
}

function signInHosts({ hosts, guard: { privateHost } }: Web) {
  return { hosts, privateHost };
}

/** Says where to sign in. It does not reveal the private host name, since a job could request this page. */
function answerElsewhere(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { url } = web.hosts;
  return answerPage(context, web, {
    title: 'Sign in',
    section: 'sign-in',
    confidential: true,
    content: (
      <div class="sign-in">
        <h1>Sign in at another address</h1>
        {isElsewhere(url) ? (
          <>
            <p>
              Sign in at <a href={new URL('/sign-in', url).href}>{new URL('/sign-in', url).href}</a>.
            </p>
            <p class="faint">
              If you are already there, the proxy in front of Volt changes the host name. Configure it to pass the
              header <code>Host</code> unchanged.
            </p>
          </>
        ) : (
          <>
            <p>
              Browsers send the cookies of this address to every program on this machine that listens on a port, and a
              job could be one of them. So you sign in at a separate address, which only the person who runs Volt can
              see:
            </p>
            <ul>
              <li>
                <Command line="volt sign-in" /> prints it;
              </li>
              <li>
                <Command line="volt up" /> prints it at the start;
              </li>
              <li>
                the file <code>sign-in.url</code> in Volt's data directory contains it.
              </li>
            </ul>
          </>
        )}
        <p class="faint">
          Without signing in, you can read as far as <code>VOLT_READING</code> allows.
        </p>
      </div>
    ),
  });
}

/** Exchanges a token for a session cookie. */
export async function signIn(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { origin, address } = context.get('source');
  if (!maySignInAt(origin, signInHosts(web))) {
    context.status(403);
    return answerElsewhere(context, web);
  }
  const { token, next } = await context.req.parseBody();
  const onward = ownPath(next);
  const caller = typeof token === 'string' ? await web.guard.callerWith(token.trim(), context) : undefined;
  if (!caller) {
    if (web.guard.logsFailureOf(address))
      await logAction(web, context, { actor: 'unknown', action: 'sign-in', status: 401 });
    context.status(401);
    return answerForm(context, web, onward, true);
  }
  await logAction(web, context, { actor: caller.name, action: 'sign-in', status: 303 });
  const secret = await web.guard.beginSession({
    ...{ person: null, token: caller.token?.id ?? null, provider: null },
    ...{ origin, address, agent: context.req.header('user-agent') ?? '' },
  });
  setCookie(context, web.guard.cookieAt(origin), secret, {
    httpOnly: true,
    sameSite: 'Strict',
    secure: origin.startsWith('https:'),
    path: '/',
    maxAge: sessionLifetime,
  });
  return context.redirect(onward, 303);
}

/** Ends the session on the server and deletes this browser's cookie. */
export async function signOut(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!comesFromOwnPage(context)) throw tokenNeeded(context, 'signing out from another site');
  const { origin } = context.get('source');
  const secure = origin.startsWith('https:');
  const session = deleteCookie(context, web.guard.cookieAt(origin), { path: '/', secure });
  if (session !== undefined) await web.guard.endSession(session, origin);
  // don't leave cached pages for the next user of this browser
  context.header('clear-site-data', '"cache"');
  return context.redirect('/', 303);
}
