import type { Context } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import type { Session } from '../../record/sessions.ts';
import type { WebEnv } from './env.ts';
import { type Guard, sessionLifetime } from './guard.ts';

/** Signs the browser in that makes a request. */
export async function startSession(
  context: Context<WebEnv>,
  guard: Guard,
  of: Pick<Session, 'person' | 'token' | 'provider'>,
): Promise<void> {
  const { origin, address } = context.get('source');
  const secret = await guard.beginSession({ ...of, origin, address, agent: context.req.header('user-agent') ?? '' });
  setCookie(context, guard.cookieAt(origin), secret, {
    httpOnly: true,
    sameSite: 'Strict',
    secure: origin.startsWith('https:'),
    path: '/',
    maxAge: sessionLifetime,
  });
}

/** Ends the session of the browser that makes a request, and deletes its cookie. */
export async function stopSession(context: Context<WebEnv>, guard: Guard): Promise<void> {
  const { origin } = context.get('source');
  const secret = deleteCookie(context, guard.cookieAt(origin), { path: '/', secure: origin.startsWith('https:') });
  if (secret !== undefined) await guard.endSession(secret, origin);
  // the next user of this browser gets no cached pages
  context.header('clear-site-data', '"cache"');
}
