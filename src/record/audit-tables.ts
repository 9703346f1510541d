import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** People search the audit log by repository; what an entry is about may be deleted before the entry. */
export async function addAuditedThings(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('audit').addColumn('repo', 'text').execute();
  await db.schema.alterTable('audit').addColumn('about', 'text').execute();
  await sql`create index audit_by_repo on audit (repo, id) where repo is not null`.execute(db);
  await sql`create index audit_by_intent on audit (intent_id) where intent_id is not null`.execute(db);
}

/** Names of people change, and come back as those of others; their ids do not. */
export async function addAuditedPeople(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('audit').addColumn('person_id', 'integer').execute();
  await sql`create index audit_by_person on audit (person_id, id) where person_id is not null`.execute(db);
}

/** Targets of notices may hear of the audit log. */
export async function addAuditNotices(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('notice_targets').addColumn('audit_after', 'integer').execute();
  for (const column of ['audit_first', 'audit_last'])
    await db.schema.alterTable('notices').addColumn(column, 'integer').execute();
}
