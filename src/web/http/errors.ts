import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ErrorCode, systemCode, VoltError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';

/** Renders an error for a browser. */
export type ErrorPage = (context: Context, error: VoltError) => Response | Promise<Response>;

/** Errors that are answered before the whole body of the request was read. */
const bodyLeft: ReadonlySet<ErrorCode> = new Set(['too_large', 'timed_out', 'bad_signature', 'rate_limited']);

/** Answers an error: as a page where the client accepts HTML, else as JSON. */
export function errorAnswers(logger: Logger, page: ErrorPage) {
  return (thrown: unknown, context: Context): Response | Promise<Response> => {
    const error = voltErrorOf(thrown, context, logger);
    context.status(error.httpStatus as ContentfulStatusCode);
    // nobody reads the rest of the body
    if (bodyLeft.has(error.code)) context.header('connection', 'close');
    context.header('cache-control', 'no-store');
    if (wantsPage(context)) return page(context, error);
    const { code, message, remedy } = error;
    return context.json({ error: { code, message, remedy } });
  };
}

export function nothingHere(context: Context): never {
  const path = context.req.path.slice(0, 200);
  const what = wantsPage(context) ? `the page ${path}` : `${context.req.method} ${path}`;
  throw new VoltError('not_found', `${what} does not exist`, {
    remedy: 'The dashboard is at /, the reference of the API at /api.',
  });
}

/** An unexpected error goes to the log in full; the client learns nothing about Volt's insides. */
function voltErrorOf(thrown: unknown, context: Context, logger: Logger): VoltError {
  if (thrown instanceof VoltError) return thrown;
  if (thrown instanceof HTTPException && thrown.status < 500) {
    return new VoltError('bad_request', thrown.message || 'the request is not valid', {
      remedy: 'See the reference of the API at /api.',
    });
  }
  // the client hung up while it was sending: no fault of Volt's
  if (systemCode(thrown) === 'ECONNRESET') {
    return new VoltError('bad_request', 'the request was interrupted', { remedy: 'Send it again.' });
  }
  logger.error(`cannot answer ${context.req.method} ${context.req.path.slice(0, 200)}`, {
    error: thrown instanceof Error ? thrown.message : String(thrown),
    stack: thrown instanceof Error ? thrown.stack : undefined,
  });
  return new VoltError('internal', 'Volt failed to answer this request', {
    remedy: 'Check the log of the web stage, and please report this.',
  });
}

/** Whether the client is a browser that wants a page. */
export function wantsPage(context: Context): boolean {
  return !context.req.path.startsWith('/api/') && (context.req.header('accept') ?? '').includes('text/html');
}
