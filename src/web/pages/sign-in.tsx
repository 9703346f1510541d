import type { Context } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { noteAction } from '../access/audit.ts';
import { sessionLifetime } from '../access/guard.ts';
import { comesFromOwnPage, comesOverTls } from '../access/origin.ts';
import { tokenNeeded } from '../access/permission.ts';
import type { Web } from '../context.ts';
import type { WebEnv } from '../env.ts';
import { answerPage } from './layout.tsx';

/** `/sign-in`: asks for the token. */
export async function signInPage(context: Context<WebEnv>, web: Web): Promise<Response> {
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
          With a token you may do what that is good for. The main one is in the file <code>token</code> of Volt's data
          directory (<code>.volt</code> unless set otherwise), or what <code>VOLT_TOKEN</code> says;{' '}
          <code>volt token add</code> makes others.
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

/** Exchanges a token for a cookie that stands for it. */
export async function signIn(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { token, next } = await context.req.parseBody();
  const onward = safePath(typeof next === 'string' ? next : undefined);
  const caller = typeof token === 'string' ? await web.guard.callerWith(token.trim(), context) : undefined;
  if (!caller) {
    await noteAction(web, context, { actor: 'unknown', action: 'sign-in', status: 401 });
    context.status(401);
    return answerForm(context, web, onward, true);
  }
  await noteAction(web, context, { actor: caller.name, action: 'sign-in', status: 303 });
  setCookie(context, web.guard.cookie, web.guard.newSession(caller), {
    httpOnly: true,
    sameSite: 'Strict',
    secure: comesOverTls(context, web.config.url),
    path: '/',
    maxAge: sessionLifetime,
  });
  return context.redirect(onward, 303);
}

/** Ends the session itself, not only this browser's cookie of it. */
export async function signOut(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!comesFromOwnPage(context)) throw tokenNeeded('signing out from another site');
  const session = deleteCookie(context, web.guard.cookie, { path: '/' });
  if (session !== undefined) await web.guard.endSession(session);
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
