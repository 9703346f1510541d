import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Jobs deploy to environments, which have rules, secrets and variables; and jobs wait for approval. */
export async function createEnvironments(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('environments')
    .addColumn('repo', 'text', (c) => c.notNull().references('repositories.name').onDelete('cascade'))
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('branches', 'text', (c) => c.notNull())
    .addColumn('approve', 'integer', (c) => c.notNull())
    .addColumn('wait_minutes', 'integer', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('environments_key', ['repo', 'key'])
    .execute();
  for (const table of ['environment_secrets', 'environment_variables'] as const) {
    const made = db.schema
      .createTable(table)
      .addColumn('repo', 'text', (c) => c.notNull())
      .addColumn('environment', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint(`${table}_key`, ['repo', 'environment', 'name'])
      .addForeignKeyConstraint(`${table}_of`, ['repo', 'environment'], 'environments', ['repo', 'key'], (constraint) =>
        constraint.onDelete('cascade'),
      );
    const encrypted = made.addColumn('key_id', 'text', (c) => c.notNull());
    await (table === 'environment_secrets' ? encrypted : made).execute();
  }
  await db.schema
    .createTable('approvals')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('build_id', 'integer', (c) => c.notNull().references('builds.id').onDelete('cascade'))
    .addColumn('job_id', 'text')
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('environment', 'text')
    .addColumn('asked_at', 'bigint', (c) => c.notNull())
    .addColumn('due_at', 'bigint')
    .addColumn('decision', 'text')
    .addColumn('decided_by', 'text')
    .addColumn('decided_at', 'bigint')
    .addColumn('comment', 'text')
    .execute();
  await sql`create unique index approvals_key on approvals (build_id, coalesce(job_id, ''), attempt)`.execute(db);
  await sql`create index approvals_due on approvals (due_at) where due_at is not null`.execute(db);
  await db.schema
    .createTable('deployments')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('build_id', 'integer', (c) => c.notNull().references('builds.id').onDelete('cascade'))
    .addColumn('job_id', 'text', (c) => c.notNull())
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('url', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('deployments_key', ['job_id', 'attempt'])
    .execute();
  await db.schema.createIndex('deployments_of_repo').on('deployments').columns(['repo', 'id']).execute();
  await db.schema.createIndex('deployments_of_build').on('deployments').columns(['build_id']).execute();
}

/** Builds of pull requests wait for approval, with what a person looks at. */
export async function addApprovalMaterial(db: Transaction<Schema>): Promise<void> {
  for (const column of ['digest', 'changes'])
    await db.schema.alterTable('approvals').addColumn(column, 'text').execute();
}
