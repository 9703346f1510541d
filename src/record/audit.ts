import type { AuditEntry, AuditOutcome } from '../kernel/model/access-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database } from './database.ts';

export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  limit: number;
  /** only entries older than the one with this id */
  before?: number | undefined;
}

/** Longest text of clients that is kept. */
const longest = 2000;

/** @param intent the request that the action has made; null for what was done at once */
export async function recordAction(
  database: Database,
  entry: Pick<AuditEntry, 'actor' | 'address' | 'action' | 'target' | 'status'>,
  intent: number | null = null,
): Promise<void> {
  const values = { ...entry, target: entry.target.slice(0, longest), at: serverNow(), intent_id: intent };
  await database.write((db) => db.insertInto('audit').values(values).execute());
}

/** Entries, newest first. */
export async function listActions(database: Database, filter: AuditFilter): Promise<AuditEntry[]> {
  let query = database.db
    .selectFrom('audit')
    .leftJoin('intents', 'intents.id', 'audit.intent_id')
    .select(['audit.id', 'audit.at', 'actor', 'address', 'action', 'target', 'audit.status'])
    .select(['intents.id as intent', 'intents.closed_at', 'intents.error_message as error'])
    .orderBy('audit.id', 'desc')
    .limit(filter.limit);
  if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor);
  if (filter.action !== undefined) query = query.where('action', '=', filter.action);
  // always bounded, so that the database uses the index for the newest entries
  query = query.where('audit.id', '<', filter.before ?? Number.MAX_SAFE_INTEGER);
  return (await query.execute()).map(({ intent, closed_at, ...row }) => ({
    ...row,
    at: new Date(row.at).toISOString(),
    outcome: outcomeOf(row, intent !== null && closed_at === null),
  }));
}

const refusals: readonly number[] = [401, 403, 429];

function outcomeOf({ status, error }: { status: number; error: string | null }, isOpen: boolean): AuditOutcome {
  if (refusals.includes(status)) return 'refused';
  if (status >= 400 || error !== null) return 'failed';
  return isOpen ? 'open' : 'done';
}

/** Removes entries from before that time (ms). @returns how many */
export async function removeOldActions(database: Database, before: number, limit: number): Promise<number> {
  const removed = await database.write((db) =>
    db
      .deleteFrom('audit')
      .where('id', 'in', (eb) => eb.selectFrom('audit').select('id').where('at', '<', before).limit(limit))
      .returning('id')
      .execute(),
  );
  return removed.length;
}
