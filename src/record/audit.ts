import type { AuditEntry } from '../kernel/model/access-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import { auditedThing } from './audit-targets.ts';
import type { Database } from './database.ts';

/** Longest text of clients that is kept. */
const longest = 2000;

/** An entry to be made. */
export interface NewEntry extends Pick<AuditEntry, 'actor' | 'address' | 'action' | 'target' | 'status'> {
  /** the repository that it belongs to, where neither action nor target tell it */
  repo?: string | undefined;
  /** id of the person who did it */
  person?: number | undefined;
}

/** @param intent the request that the action has made; null for what was done at once */
export async function recordAction(
  database: Database,
  { repo, person, ...entry }: NewEntry,
  intent: number | null = null,
): Promise<void> {
  await database.write(async (db) => {
    const thing = await auditedThing(db, entry);
    const target = entry.target.slice(0, longest);
    const values = {
      ...entry,
      ...thing,
      target,
      at: serverNow(),
      intent_id: intent,
      person_id: person ?? null,
      ...(repo !== undefined && { repo }),
    };
    await db.insertInto('audit').values(values).execute();
  });
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
