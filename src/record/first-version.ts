import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** The tables of fairness.ts. */
export async function createTurns(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('label_sets')
    .ifNotExists()
    .addColumn('labels', 'text', (c) => c.primaryKey())
    .addColumn('time', 'integer', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('turns')
    .ifNotExists()
    .addColumn('labels', 'text', (c) => c.notNull().references('label_sets.labels').onDelete('cascade'))
    .addColumn('repo', 'text', (c) => c.notNull().references('repositories.name').onDelete('cascade'))
    .addColumn('finish', 'integer', (c) => c.notNull())
    .addColumn('beside', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('turns_key', ['labels', 'repo'])
    .execute();
  await db.schema.createIndex('turns_by_repo').ifNotExists().on('turns').columns(['repo']).execute();
  await sql`create index if not exists jobs_of_labels_open on jobs (status, labels, virtual_start) where finished_at is null`.execute(
    db,
  );
}

/**
 * The first schema was changed for a while without a new version: an older database of that version has one virtual time
 * for all labels instead of these tables. Other databases stay as they are.
 */
export async function completeFirstVersion(db: Transaction<Schema>): Promise<void> {
  await createTurns(db);
  const tables = await db.introspection.getTables();
  const repositories = tables.find(({ name }) => name === 'repositories');
  if (!repositories?.columns.some(({ name }) => name === 'virtual_finish')) return;
  await db.schema.dropIndex('repositories_by_finish').ifExists().execute();
  await db.schema.alterTable('repositories').dropColumn('virtual_finish').execute();
}
