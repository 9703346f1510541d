import { createHash } from 'node:crypto';
import type { Context } from 'hono';

/** Names the log that the page in the browser shows, so that an update of the page needs not contain it. */
export const shownLogHeader = 'volt-shown-log';

/**
 * Adds an ETag to an answer (RFC 9110 section 8.8.3), or answers 304 without content if the client already has it. Clients
 * may store an answer but must revalidate it before each use. The tag is weak: it identifies
 * the content, which is sent compressed or not, see compression.ts.
 * @param answer with its whole content
 * @param confidential whether no cache may store it, and nothing may compress it
 */
export async function withEtag(context: Context, answer: Response, confidential: boolean): Promise<Response> {
  const content = await answer.text();
  const tag = `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  const headers = {
    etag: tag,
    'cache-control': confidential ? 'no-store, no-transform' : 'private, no-cache',
    vary: `accept-encoding, authorization, cookie, ${shownLogHeader}`,
  };
  if (names(context.req.header('if-none-match'), tag.slice('W/'.length))) return context.body(null, 304, headers);
  return context.body(content, 200, {
    ...headers,
    'content-type': answer.headers.get('content-type') ?? 'text/plain',
    'content-length': String(Buffer.byteLength(content)),
  });
}

/** Whether If-None-Match names the tag, which is without `W/`: weak and strong tags are equal here. */
function names(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
