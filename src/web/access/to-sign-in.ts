import type { Context } from 'hono';

/** Sends a browser to the page where a person signs in, and from there back to the page that was asked for. */
export function toSignIn(context: Context): Response {
  const { pathname, search } = new URL(context.req.url);
  return context.redirect(`/sign-in?next=${encodeURIComponent(pathname + search)}`, 303);
}
