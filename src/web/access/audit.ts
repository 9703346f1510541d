import type { Context, MiddlewareHandler } from 'hono';
import { errorText } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { type NewEntry, recordAction } from '../../record/audit.ts';
import type { Database } from '../../record/database.ts';
import type { Caller } from './caller.ts';
import { isReading } from './csrf.ts';
import type { WebEnv } from './env.ts';

interface AuditLog {
  readonly database: Database;
  readonly logger: Logger;
}

/**
 * Writes to the audit log who asked for which change, and the status of the answer. Routes set the variables `action`,
 * `target` and `intent`; a request without an action is not logged.
 */
export function audited(log: AuditLog): MiddlewareHandler<WebEnv> {
  return async (context, next) => {
    await next();
    const [caller, action] = [context.get('caller'), context.get('action')];
    if (isReading(context) || !caller || action === undefined) return;
    await logAction(log, context, { ...actorOf(caller), action, status: context.res.status });
  };
}

/** A caller as the audit log keeps it. */
export function actorOf({ name, person }: Pick<Caller, 'name' | 'person'>): Pick<NewEntry, 'actor' | 'person'> {
  return { actor: name, person: person?.id };
}

/** Adds an entry to the audit log. If that fails, the action is still done, and the process log has the entry. */
export async function logAction(
  { database, logger }: AuditLog,
  context: Context<WebEnv>,
  entry: Pick<NewEntry, 'actor' | 'person' | 'action' | 'status' | 'repo'>,
): Promise<void> {
  const whole = { ...entry, address: context.get('source').address, target: context.get('target') ?? '' };
  await recordAction(database, whole, context.get('intent') ?? null).catch((error) =>
    logger.error(`cannot write to the audit log: ${errorText(error)}`, whole),
  );
}
