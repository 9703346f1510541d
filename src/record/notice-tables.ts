import { sql, type Transaction } from 'kysely';
import { rowBatches } from './row-batches.ts';
import type { Schema } from './schema.ts';

/** People hear of what the ends of builds mean for their branches. */
export async function addNotices(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('notice_targets')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('shown', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('key_id', 'text', (c) => c.notNull())
    .addColumn('private', 'integer', (c) => c.notNull())
    .addColumn('repos', 'text', (c) => c.notNull())
    .addColumn('branches', 'text', (c) => c.notNull())
    .addColumn('choice', 'text', (c) => c.notNull())
    .addColumn('options', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('problem_code', 'text')
    .addColumn('problem_message', 'text')
    .addColumn('problem_remedy', 'text')
    .addColumn('problem_since', 'bigint')
    .addColumn('holder', 'text')
    .addColumn('held_until', 'bigint')
    .execute();
  await db.schema
    .createTable('branch_states')
    .addColumn('repo', 'text', (c) => c.notNull().references('repositories.name').onDelete('cascade'))
    .addColumn('ref', 'text', (c) => c.notNull())
    .addColumn('build_id', 'integer', (c) => c.notNull())
    .addColumn('verdict', 'text')
    .addColumn('since', 'integer')
    .addColumn('doubt', 'text')
    .addPrimaryKeyConstraint('branch_states_key', ['repo', 'ref'])
    .execute();
  await db.schema
    .createTable('branch_changes')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('build_id', 'integer', (c) => c.notNull().references('builds.id').onDelete('cascade'))
    .addColumn('event', 'text', (c) => c.notNull())
    .addColumn('is_change', 'integer', (c) => c.notNull())
    .addColumn('since', 'integer')
    .execute();
  await db.schema
    .createTable('notices')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('target', 'text', (c) => c.notNull().references('notice_targets.name').onDelete('cascade'))
    .addColumn('recipient', 'text', (c) => c.notNull())
    .addColumn('build_id', 'integer', (c) => c.references('builds.id').onDelete('cascade'))
    .addColumn('event', 'text', (c) => c.notNull())
    .addColumn('since', 'integer')
    .addColumn('why', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('due_at', 'bigint')
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('sent_at', 'bigint')
    .addColumn('dropped', 'text')
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('error_remedy', 'text')
    .execute();
  await sql`create index notices_due on notices (target, due_at) where due_at is not null`.execute(db);
  await db.schema.createIndex('notices_of_build').on('notices').columns(['build_id', 'target', 'recipient']).execute();
  await db.schema.createIndex('branch_changes_of_build').on('branch_changes').columns(['build_id']).execute();
}

/** Targets may be told once a day what is still broken. */
export async function addDigests(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('notice_targets').addColumn('digest_at', 'bigint').execute();
}

/** What a schedule starts says nothing of the builds of pushes, and has a state of its own. */
export async function addSeries(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('builds')
    .addColumn('series', 'text', (c) => c.defaultTo(''))
    .execute();
  // of which workflow earlier builds of schedules were is in no column
  await sql`update builds set series = null where event is not null or "trigger" = 'schedule'`.execute(db);
  const states = await db.selectFrom('branch_states').selectAll().execute();
  await db.schema.dropTable('branch_states').execute();
  await db.schema
    .createTable('branch_states')
    .addColumn('repo', 'text', (c) => c.notNull().references('repositories.name').onDelete('cascade'))
    .addColumn('ref', 'text', (c) => c.notNull())
    .addColumn('series', 'text', (c) => c.notNull())
    .addColumn('build_id', 'integer', (c) => c.notNull())
    .addColumn('verdict', 'text')
    .addColumn('since', 'integer')
    .addColumn('doubt', 'text')
    .addPrimaryKeyConstraint('branch_states_key', ['repo', 'ref', 'series'])
    .execute();
  for (const rows of rowBatches(states.map((state) => ({ ...state, series: '' }))))
    await db.insertInto('branch_states').values(rows).execute();
}

/** A notice whose sending had no known outcome may have arrived. */
export async function addBegunNotices(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('notices').addColumn('begun_at', 'bigint').execute();
}

/**
 * What owners of repositories add sends only while they own these. By which role older targets were added is not known, but only
 * administrators have added those for all repositories and for the audit log.
 */
export async function addTargetMaintainers(db: Transaction<Schema>): Promise<void> {
  for (const column of ['person_id', 'token_id'])
    await db.schema.alterTable('notice_targets').addColumn(column, 'integer').execute();
  await sql`update notice_targets set
    person_id = (select id from people where people.name = notice_targets.created_by),
    token_id = (select id from tokens where tokens.name = notice_targets.created_by and tokens.role <> 'admin')
    where choice <> 'audit' and repos <> '[]'`.execute(db);
}

/** Recipients of mail may stop it. */
export async function addNoticeMutes(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('notice_mutes')
    .addColumn('target', 'text', (c) => c.notNull().references('notice_targets.name').onDelete('cascade'))
    .addColumn('recipient', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('branch', 'text', (c) => c.notNull())
    .addColumn('muted_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('notice_mutes_key', ['target', 'recipient', 'repo', 'branch'])
    .execute();
}
