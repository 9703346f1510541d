import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ErrorCode, systemCode, VoltError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';

/** How an error is shown to a browser; pages are made elsewhere. */
export type ErrorPage = (context: Context, error: VoltError) => Response | Promise<Response>;

/** Errors that are answered before all of the request's body was read. */
const bodyLeft: ReadonlySet<ErrorCode> = new Set(['too_large', 'timed_out', 'bad_signature', 'rate_limited']);

/** Answers an error: as a page to a browser that looks at pages, as JSON to everybody else. */
export function errorAnswers(logger: Logger, page: ErrorPage) {
  return (thrown: unknown, context: Context): Response | Promise<Response> => {
    const error = known(thrown, context, logger);
    context.status(error.httpStatus as ContentfulStatusCode);
    if (error.code === 'token_needed') context.header('www-authenticate', 'Bearer');
    // the rest of the body is still on its way and nobody reads it
    if (bodyLeft.has(error.code)) context.header('connection', 'close');
    context.header('cache-control', 'no-store');
    if (wantsPage(context)) return page(context, error);
    const { code, message, remedy } = error;
    return context.json({ error: { code, message, remedy } });
  };
}

export function noSuchPlace(context: Context): never {
  throw new VoltError('not_found', `${context.req.method} ${context.req.path.slice(0, 200)} does not exist`, {
    remedy: 'The dashboard is at /, the reference of the API at /api.',
  });
}

/** What nobody expected is for the log; to the outside it says nothing of Volt's insides. */
function known(thrown: unknown, context: Context, logger: Logger): VoltError {
  if (thrown instanceof VoltError) return thrown;
  if (thrown instanceof HTTPException && thrown.status < 500) {
    return new VoltError('bad_request', thrown.message || 'the request is not valid', {
      remedy: 'See the reference of the API at /api.',
    });
  }
  // who hangs up while sending is no fault, and hears of nothing any more
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

/** Whether somebody who looks at pages asks. */
export function wantsPage(context: Context): boolean {
  return !context.req.path.startsWith('/api/') && (context.req.header('accept') ?? '').includes('text/html');
}
