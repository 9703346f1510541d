import { sql, type Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import type { Schema } from './schema.ts';

/**
 * The table of changes.ts and the triggers that write it, so that no function can forget to. One transaction writes at a time
 * (database.ts), so a number is never visible before a lower one.
 */

/** What counts as a change: updates of these columns, and new rows if `insert` is set. */
const watched = [
  { table: 'builds', build: 'new.id', insert: true, columns: 'status, reason, message, started_at, finished_at' },
  { table: 'jobs', build: 'new.build_id', insert: true, columns: 'status, reason, message, attempt, runner_id' },
  {
    table: 'attempts',
    build: '(select build_id from jobs where id = new.job_id)',
    insert: false,
    columns: 'status, message, steps_revision, log_complete',
  },
];

export async function createChanges(db: Transaction<Schema>, kind: Engine['kind']): Promise<void> {
  await db.schema
    .createTable('changes')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('build_id', 'integer', (c) => c.notNull().unique().references('builds.id').onDelete('cascade'))
    .execute();
  for (const { table, build, insert, columns } of watched) {
    const events = [...(insert ? ['insert'] : []), `update of ${columns}`];
    const body = `
      delete from changes where build_id = ${build};
      insert into changes (build_id) values (${build});`;
    for (const statement of triggers[kind](table, events, body)) await sql.raw(statement).execute(db);
  }
}

/** Statements that run `body` for each row of the table that is changed by one of the events. */
const triggers = {
  sqlite: (table: string, events: string[], body: string) =>
    events.map(
      (event) =>
        `create trigger changes_by_${event.slice(0, 6)}_of_${table} after ${event} on ${table} begin${body} end`,
    ),
  postgres: (table: string, events: string[], body: string) => [
    `create function changes_of_${table}() returns trigger language plpgsql as $$ begin${body} return null; end $$`,
    `create trigger changes_of_${table} after ${events.join(' or ')} on ${table}
      for each row execute function changes_of_${table}()`,
  ],
};
