import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** People sign in as themselves, with identities at providers. */
export async function addPeople(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('people')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('display_name', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint')
    .addColumn('blocked_at', 'bigint')
    .execute();
  await db.schema
    .createTable('identities')
    .addColumn('issuer', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('provider', 'text', (c) => c.notNull())
    .addColumn('person_id', 'integer', (c) => c.notNull().references('people.id').onDelete('cascade'))
    .addColumn('login', 'text', (c) => c.notNull())
    .addColumn('groups', 'text', (c) => c.notNull())
    .addColumn('told_at', 'bigint')
    .addPrimaryKeyConstraint('identities_key', ['issuer', 'subject'])
    .execute();
  await db.schema.createIndex('identities_by_person').on('identities').columns(['person_id']).execute();
  await db.schema
    .createTable('person_addresses')
    .addColumn('address', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'integer', (c) => c.notNull().references('people.id').onDelete('cascade'))
    .addColumn('source', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('person_addresses_by_person').on('person_addresses').columns(['person_id']).execute();
}

/** Where people sign in. */
export async function addProviders(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('providers')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('title', 'text', (c) => c.notNull())
    .addColumn('url', 'text', (c) => c.notNull())
    .addColumn('client_id', 'text', (c) => c.notNull())
    .addColumn('client_secret', 'text')
    .addColumn('key_id', 'text')
    .addColumn('groups_claim', 'text')
    .addColumn('scopes', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
}

/** Every session of a browser is a row, so that people see their sessions and end them. Those of before end. */
export async function addSessions(db: Transaction<Schema>): Promise<void> {
  await db.schema.dropTable('ended_sessions').execute();
  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'integer', (c) => c.references('people.id').onDelete('cascade'))
    .addColumn('token_id', 'integer', (c) => c.references('tokens.id').onDelete('cascade'))
    .addColumn('provider', 'text')
    .addColumn('origin', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('agent', 'text', (c) => c.notNull())
    .execute();
  for (const column of ['person_id', 'token_id', 'until'] as const)
    await db.schema.createIndex(`sessions_by_${column}`).on('sessions').columns([column]).execute();
}

/** Roles are given to people and groups. */
export async function addGrants(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('grants')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('person_id', 'integer', (c) => c.references('people.id').onDelete('cascade'))
    .addColumn('group_name', 'text')
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('repos', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  for (const column of ['person_id', 'group_name'] as const)
    await db.schema.createIndex(`grants_by_${column}`).on('grants').columns([column]).execute();
}

/** Tokens belong to people; one that somebody with a token has given to a program ends with that token. */
export async function addTokenOwners(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('tokens')
    .addColumn('person_id', 'integer', (c) => c.references('people.id').onDelete('cascade'))
    .execute();
  await db.schema
    .alterTable('tokens')
    .addColumn('parent_id', 'integer', (c) => c.references('tokens.id').onDelete('cascade'))
    .execute();
  for (const column of ['person_id', 'parent_id'] as const)
    await db.schema.createIndex(`tokens_by_${column}`).on('tokens').columns([column]).execute();
}

/** Groups count for as long as a setting says at the sign-in at which they are told; those of before for 30 days. */
export async function addGroupTimes(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('identities').addColumn('groups_until', 'bigint').execute();
  await sql`update identities set groups_until = signed_in_at + ${30 * 24 * 3600_000}`.execute(db);
}

/** Each answer of a provider signs in once, also while Redis is away. */
export async function addUsedSignIns(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('used_sign_ins')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .execute();
}

/** Programs ask people to sign them in. */
export async function addDeviceRequests(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('device_requests')
    .addColumn('device_hash', 'text', (c) => c.primaryKey())
    .addColumn('user_code', 'text', (c) => c.notNull().unique())
    .addColumn('program', 'text', (c) => c.notNull())
    .addColumn('machine', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .addColumn('polled_at', 'bigint')
    .addColumn('poll_interval', 'integer', (c) => c.notNull())
    .addColumn('decision', 'text')
    .addColumn('person_id', 'integer', (c) => c.references('people.id').onDelete('cascade'))
    .addColumn('token_id', 'integer', (c) => c.references('tokens.id').onDelete('cascade'))
    .execute();
}

/** People choose to which of their addresses mail goes. */
export async function addMailChoice(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('people').addColumn('mail_to', 'text').execute();
}

/** The column is named for what it holds: when a person last signed in with an identity. */
export async function nameSignInTime(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('identities').renameColumn('told_at', 'signed_in_at').execute();
}

/** A name by which somebody did something is nobody else's later. */
export async function addFormerNames(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('former_names')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'integer', (c) => c.notNull())
    .execute();
}
