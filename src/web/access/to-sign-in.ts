import type { Context } from 'hono';

/** The path of the page where a person signs in, which leads back to the page that was asked for. */
export function signInPath(context: Context): string {
  const { pathname, search } = new URL(context.req.url);
  return `/sign-in?next=${encodeURIComponent(pathname + search)}`;
}

/** Sends a browser to that page. */
export function toSignIn(context: Context): Response {
  return context.redirect(signInPath(context), 303);
}
