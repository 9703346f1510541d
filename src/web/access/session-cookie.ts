import type { Context } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import type { Session } from '../../record/sessions.ts';
import type { WebEnv } from './env.ts';
import type { Guard } from './guard.ts';

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
    maxAge: guard.sessionLifetime,
  });
}

/**
 * Ends the session of the browser that makes a request, and deletes its cookie.
 * @returns where the session began: the name of a provider; null for a token, and if there was no session
 */
export async function stopSession(context: Context<WebEnv>, guard: Guard): Promise<{ provider: string | null }> {
  const { origin } = context.get('source');
  const secret = deleteCookie(context, guard.cookieAt(origin), { path: '/', secure: origin.startsWith('https:') });
  const ended = secret === undefined ? undefined : await guard.endSession(secret, origin);
  // the next user of this browser gets no cached pages
  context.header('clear-site-data', '"cache"');
  return { provider: ended?.provider ?? null };
}
