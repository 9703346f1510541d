import type { Context } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { noteAction } from '../access/audit.ts';
import { comesFromOwnPage } from '../access/csrf.ts';
import type { WebEnv } from '../access/env.ts';
import { sessionLifetime } from '../access/guard.ts';
import { tokenNeeded } from '../access/permission.ts';
import { maySignInAt } from '../access/sign-in-address.ts';
import { isElsewhere } from '../http/hosts.ts';
import type { Web } from '../services.ts';
import { answerPage } from './layout.tsx';

/** `/sign-in`: asks for the token, or says where to. */
export async function signInPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!maySignInAt(context.get('source').origin, placeOf(web))) return answerElsewhere(context, web);
  return answerForm(context, web, safePath(context.req.query('next')));
}

/** @param next where to go from here; a safe path */
function answerForm(context: Context<WebEnv>, web: Web, next: string, wrong = false): Promise<Response> {
  return answerPage(context, web, {
    title: 'Sign in',
    place: 'sign-in',
    confidential: true,
    content: (
      <form class="sign-in" method="post" action="/sign-in">
        <h1>Sign in</h1>
        <p>
          Sign in with an access token. The main one is in the file <code>token</code> of Volt's data directory (
          <code>.volt</code> unless set otherwise), or what <code>VOLT_TOKEN</code> says; <code>volt token add</code>{' '}
          makes others.
        </p>
        {wrong && (
          <p class="wrong" role="alert">
            That is not a token of this Volt.
          </p>
        )}
        <input type="hidden" name="next" value={next} />
        <label>
          Token
          <input name="token" type="password" autocomplete="current-password" required autofocus />
        </label>
        <button type="submit">Sign in</button>
      </form>
    ),
  });
}

function placeOf({ hosts, guard: { privateHost } }: Web) {
  return { hosts, privateHost };
}

/** Says where to sign in. The private name is not said to who does not show a token: a job could ask for this page. */
function answerElsewhere(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { url } = web.hosts;
  return answerPage(context, web, {
    title: 'Sign in',
    place: 'sign-in',
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
              If you are there already, the proxy in front of Volt does not pass the name in the address on: have it
              send the header <code>Host</code> as it comes.
            </p>
          </>
        ) : (
          <>
            <p>
              Browsers send the cookies of this address to every program that listens on a port of this machine, and a
              job may be one. So signing in has an address of its own, which only whoever runs Volt can see:
            </p>
            <ul>
              <li>
                <code>volt sign-in</code> prints it;
              </li>
              <li>
                <code>volt up</code> prints it when it starts;
              </li>
              <li>
                it is in the file <code>sign-in.url</code> of Volt's data directory.
              </li>
            </ul>
          </>
        )}
        <p class="faint">
          You can read here without signing in, as far as <code>VOLT_READING</code> allows.
        </p>
      </div>
    ),
  });
}

/** Exchanges a token for a cookie that stands for it. */
export async function signIn(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { origin, address } = context.get('source');
  if (!maySignInAt(origin, placeOf(web))) {
    context.status(403);
    return answerElsewhere(context, web);
  }
  const { token, next } = await context.req.parseBody();
  const onward = safePath(typeof next === 'string' ? next : undefined);
  const caller = typeof token === 'string' ? await web.guard.callerWith(token.trim(), context) : undefined;
  if (!caller) {
    if (web.guard.notesFailureOf(address))
      await noteAction(web, context, { actor: 'unknown', action: 'sign-in', status: 401 });
    context.status(401);
    return answerForm(context, web, onward, true);
  }
  await noteAction(web, context, { actor: caller.name, action: 'sign-in', status: 303 });
  setCookie(context, web.guard.cookieAt(origin), web.guard.newSession(caller, origin), {
    httpOnly: true,
    sameSite: 'Strict',
    secure: origin.startsWith('https:'),
    path: '/',
    maxAge: sessionLifetime,
  });
  return context.redirect(onward, 303);
}

/** Ends the session itself, not only this browser's cookie of it. */
export async function signOut(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!comesFromOwnPage(context)) throw tokenNeeded('signing out from another site');
  const { origin } = context.get('source');
  const secure = origin.startsWith('https:');
  const session = deleteCookie(context, web.guard.cookieAt(origin), { path: '/', secure });
  if (session !== undefined) await web.guard.endSession(session, origin);
  // the pages of before are for nobody who comes to this browser next
  context.header('clear-site-data', '"cache"');
  return context.redirect('/', 303);
}

/** A path of this server; anything else would send a person who has just signed in to where a link's author wants. */
function safePath(path: string | undefined): string {
  const base = 'http://volt.invalid';
  if (!path?.startsWith('/') || !URL.canParse(path, base)) return '/';
  const url = new URL(path, base);
  // a path that begins with two slashes would be read as another server's name
  return url.origin === base && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
}
