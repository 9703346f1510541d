import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Forges get the statuses of builds, through an outbox. */
export async function addForges(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('forges')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('api', 'text', (c) => c.notNull())
    .addColumn('token', 'text', (c) => c.notNull())
    .addColumn('key_id', 'text', (c) => c.notNull())
    .addColumn('repos', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('checked_at', 'bigint')
    .addColumn('problem_code', 'text')
    .addColumn('problem_message', 'text')
    .addColumn('problem_remedy', 'text')
    .addColumn('problem_since', 'bigint')
    .addColumn('holder', 'text')
    .addColumn('held_until', 'bigint')
    .execute();
  await db.schema
    .createTable('notices')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('forge', 'text', (c) => c.notNull().references('forges.name').onDelete('cascade'))
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('sha', 'text', (c) => c.notNull())
    .addColumn('context', 'text', (c) => c.notNull())
    .addColumn('lane', 'text', (c) => c.notNull())
    .addColumn('ref', 'text', (c) => c.notNull())
    .addColumn('build_id', 'integer', (c) => c.notNull().references('builds.id').onDelete('cascade'))
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('revision', 'integer', (c) => c.notNull())
    .addColumn('sent', 'integer', (c) => c.notNull())
    .addColumn('sent_at', 'bigint')
    .addColumn('shown', 'text')
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('losses', 'integer', (c) => c.notNull())
    .addColumn('due_at', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('error_remedy', 'text')
    .execute();
  await db.schema
    .createIndex('notices_of_commit')
    .unique()
    .on('notices')
    .columns(['forge', 'repo', 'sha', 'context', 'lane'])
    .execute();
  await db.schema.createIndex('notices_of_build').on('notices').columns(['build_id']).execute();
  await sql`create index notices_due on notices (forge, due_at) where due_at is not null`.execute(db);
  await sql`create index notices_sent on notices (forge, sent_at) where sent_at is not null`.execute(db);
  await sql`create index notices_failing on notices (repo, forge) where error_code is not null`.execute(db);
}

/** Forges may show each workflow or job of a build, too. */
export async function addForgeReports(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('forges')
    .addColumn('report', 'text', (c) => c.notNull().defaultTo('build'))
    .execute();
  await db.schema
    .alterTable('notices')
    .addColumn('part', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
}

/** Jobs may get a token of their forge. */
export async function addJobTokens(db: Transaction<Schema>): Promise<void> {
  for (const column of ['job_token', 'job_token_key_id'])
    await db.schema.alterTable('forges').addColumn(column, 'text').execute();
}

/** Volt may be a GitHub App, whose checks tell apart what waits and what runs, and each run of a build. */
export async function addChecks(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('forges').addColumn('app_id', 'integer').execute();
  await db.schema.alterTable('forges').addColumn('app_page', 'text').execute();
  await db.schema
    .alterTable('notices')
    .addColumn('running', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema
    .alterTable('notices')
    .addColumn('round', 'integer', (c) => c.notNull().defaultTo(1))
    .execute();
}

/** Tokens of a GitHub App that attempts of jobs have, until they are revoked. */
export async function addIssuedTokens(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('issued_tokens')
    .addColumn('job_id', 'text', (c) => c.notNull())
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('api', 'text', (c) => c.notNull())
    .addColumn('token', 'text', (c) => c.notNull())
    .addColumn('key_id', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('issued_tokens_key', ['job_id', 'attempt'])
    .execute();
}
