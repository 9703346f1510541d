import type { MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';

/**
 * Compresses texts of a kilobyte and more by gzip for clients that accept it; most browsers accept brotli over TLS only.
 * Streams of events go out at once. These answers are sent as they are:
 * - those of changes, and confidential ones (`no-transform`): some show a new secret, and the length of a compressed answer
 *   tells whether a secret repeats what the sender has chosen, if the sender can also see the network (BREACH). No page has a
 *   secret: forms are protected by the headers of browsers, see access/csrf.ts, and other sites cannot ask with the session of
 *   a reader, whose cookie is `SameSite=Strict`.
 * - raw logs: their length shows whether all of it has arrived.
 */
const gzip = compress({ encoding: 'gzip' });

export const compressed: MiddlewareHandler = (context, next) =>
  context.req.method === 'GET' ? gzip(context, next) : next();
