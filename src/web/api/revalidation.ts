import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import type { WebEnv } from '../env.ts';

/**
 * Answers JSON with a tag of its content (RFC 9110 section 8.8.3), or 304 without content where the client has the same
 * already. Clients may keep an answer but must ask before they use it again.
 * @param confidential whether nothing at all may keep it
 */
export function revalidated(context: Context<WebEnv>, json: string, confidential: boolean): Response {
  const tag = `"${createHash('sha256').update(json).digest('base64url').slice(0, 22)}"`;
  const headers = {
    etag: tag,
    'cache-control': confidential ? 'no-store' : 'private, no-cache',
    vary: 'authorization, cookie',
  };
  if (holds(context.req.header('if-none-match'), tag)) return context.body(null, 304, headers);
  return context.body(json, 200, { ...headers, 'content-type': 'application/json' });
}

/** Whether If-None-Match names the tag; weakness does not count there. */
function holds(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
