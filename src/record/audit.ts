import type { AuditEntry } from '../kernel/model/access-shapes.ts';
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

export async function recordAction(database: Database, entry: Omit<AuditEntry, 'id' | 'at'>): Promise<void> {
  const values = { ...entry, target: entry.target.slice(0, longest), at: serverNow() };
  await database.write((db) => db.insertInto('audit').values(values).execute());
}

/** Entries, newest first. */
export async function listActions(database: Database, filter: AuditFilter): Promise<AuditEntry[]> {
  let query = database.db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(filter.limit);
  if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor);
  if (filter.action !== undefined) query = query.where('action', '=', filter.action);
  // always bounded, so that the database uses the index for the newest entries
  query = query.where('id', '<', filter.before ?? Number.MAX_SAFE_INTEGER);
  return (await query.execute()).map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
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
