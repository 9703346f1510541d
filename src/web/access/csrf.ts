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

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
}
