import type { Context, MiddlewareHandler } from 'hono';
import { errorText } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { recordAction } from '../../record/audit.ts';
import type { Database } from '../../record/database.ts';
import { isReading } from './csrf.ts';
import type { WebEnv } from './env.ts';

interface AuditLog {
  readonly database: Database;
  readonly logger: Logger;
}

/**
 * Notes in the record who has asked for which change, and how it was answered. Routes say what they do by the variables
 * `action` and `target`; without an action there is nothing to note.
 */
export function audited(log: AuditLog): MiddlewareHandler<WebEnv> {
  return async (context, next) => {
    await next();
    const [caller, action] = [context.get('caller'), context.get('action')];
    if (isReading(context) || !caller || action === undefined) return;
    await noteAction(log, context, { actor: caller.name, action, status: context.res.status });
  };
}

/** What was done stands, although it could not be noted; then the log says so. */
export async function noteAction(
  { database, logger }: AuditLog,
  context: Context<WebEnv>,
  entry: { actor: string; action: string; status: number },
): Promise<void> {
  const noted = { ...entry, address: context.get('source').address, target: context.get('target') ?? '' };
  await recordAction(database, noted).catch((error) =>
    logger.error(`could not be noted in the audit log: ${errorText(error)}`, noted),
  );
}

/** A route that changes something, as the audit log calls it. */
export function doing(action: string, param = 'id'): MiddlewareHandler<WebEnv> {
  return async (context, next) => {
    context.set('action', action);
    context.set('target', context.req.param(param) ?? '');
    await next();
  };
}
