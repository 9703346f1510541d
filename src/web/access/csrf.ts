import type { Context } from 'hono';
import type { WebEnv } from './env.ts';

export function isReading(context: Context<WebEnv>): boolean {
  return context.req.method === 'GET' || context.req.method === 'HEAD';
}

/** Whether a browser says that one of Volt's pages made this request. Every browser sends one of the two headers. */
export function comesFromOwnPage(context: Context<WebEnv>): boolean {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = context.req.header('origin');
  return origin !== undefined && hostOf(origin) === context.req.header('host')?.toLowerCase();
}

/**
 * Whether a request may count as one of the person for whom a proxy has sent it: not what a page of another site has the browser
 * load or change. Browsers send the cookie of a proxy with that, while those of Volt stay away by themselves.
 */
export function isOwnDoing(context: Context<WebEnv>): boolean {
  if (!isReading(context)) return comesFromOwnPage(context);
  const site = context.req.header('sec-fetch-site') ?? 'none';
  return site === 'none' || site === 'same-origin' || context.req.header('sec-fetch-mode') === 'navigate';
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
}
