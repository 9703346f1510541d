import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/**
 * SQL of the order in which a list has tests: those that fail, then flaky ones, then others, each by suite and name. An entry
 * of an index of PostgreSQL has at most 2,704 bytes, so the beginnings of names must do. SQLite uses an index only for the
 * same expressions.
 * @param table before the names of columns; the definition of an index has none
 */
export function stateOrder(table: 'tests.' | ''): string[] {
  const state = `case when ${table}status in ('failed', 'error') then 0 when ${table}flaky_commits > 0 then 1 else 2 end`;
  return [`(${state})`, `(substr(${table}suite, 1, 200))`, `(substr(${table}name, 1, 200))`, `${table}id`];
}

/** The tables of single tests, see test-results.ts. Every query of a page has an index. */
export async function createTestTables(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('tests')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('suite', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('file', 'text')
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('runs', 'integer', (c) => c.notNull())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('duration', 'real')
    .addColumn('first_build', 'integer', (c) => c.notNull())
    .addColumn('last_build', 'integer', (c) => c.notNull())
    .addColumn('flaky_commits', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('flaky_sha', 'text')
    .addColumn('flaky_since', 'integer')
    .addColumn('flaky_at', 'bigint')
    .addUniqueConstraint('tests_key', ['repo', 'key'])
    .execute();
  await db.schema.createIndex('tests_by_duration').on('tests').columns(['repo', 'duration', 'id']).execute();
  await db.schema.createIndex('tests_by_flakiness').on('tests').columns(['repo', 'flaky_commits', 'id']).execute();
  await db.schema.createIndex('tests_by_build').on('tests').columns(['repo', 'last_build']).execute();
  await db.schema
    .createTable('test_results')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('test_id', 'integer', (c) => c.notNull().references('tests.id'))
    .addColumn('build_id', 'integer', (c) => c.notNull())
    .addColumn('job_id', 'text', (c) => c.notNull().references('jobs.id').onDelete('cascade'))
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('failed', 'integer', (c) => c.notNull())
    .addColumn('duration', 'real')
    .addColumn('message', 'text')
    .addColumn('details', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('test_results_key', ['job_id', 'attempt', 'position'])
    .execute();
  await db.schema.createIndex('test_results_by_test').on('test_results').columns(['test_id', 'build_id']).execute();
  await db.schema.createIndex('test_results_by_build').on('test_results').columns(['build_id', 'id']).execute();
  await db.schema.createIndex('test_results_failed').on('test_results').columns(['build_id', 'failed', 'id']).execute();
}

/** Pages show what a failed test expected and got, and where it failed. */
export async function addExpectations(db: Transaction<Schema>): Promise<void> {
  // SQLite adds one column at a time
  for (const column of ['expected', 'actual', 'stack'])
    await db.schema.alterTable('test_results').addColumn(column, 'text').execute();
  await sql.raw(`create index tests_by_state on tests (repo, ${stateOrder('').join(', ')})`).execute(db);
}
