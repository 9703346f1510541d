import { createHash } from 'node:crypto';
import type { Context } from 'hono';

/**
 * Gives an answer a tag of its content (RFC 9110 section 8.8.3), or 304 without content where the client has the same
 * already. Clients may keep an answer but must ask before they use it again.
 * @param answer with all its content
 * @param confidential whether nothing at all may keep it
 */
export async function revalidated(context: Context, answer: Response, confidential: boolean): Promise<Response> {
  const content = await answer.text();
  const tag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  const headers = {
    etag: tag,
    'cache-control': confidential ? 'no-store' : 'private, no-cache',
    vary: 'authorization, cookie',
  };
  if (holds(context.req.header('if-none-match'), tag)) return context.body(null, 304, headers);
  return context.body(content, 200, { ...headers, 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
}

/** Whether If-None-Match names the tag; weakness does not count there. */
function holds(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
