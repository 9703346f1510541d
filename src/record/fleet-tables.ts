import type { Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** A person may keep a runner from taking jobs. */
export async function addRunnerDrains(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('runner_drains')
    .addColumn('runner', 'text', (c) => c.primaryKey())
    .addColumn('reason', 'text')
    .addColumn('drained_by', 'text', (c) => c.notNull())
    .addColumn('drained_at', 'bigint', (c) => c.notNull())
    .execute();
}

/** Charts of the fleet outlive restarts. */
export async function addFleetMinutes(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('fleet_minutes')
    .addColumn('at', 'bigint', (c) => c.primaryKey())
    .addColumn('measurements', 'integer', (c) => c.notNull())
    .addColumn('waiting', 'integer', (c) => c.notNull())
    .addColumn('busy', 'integer', (c) => c.notNull())
    .addColumn('slots', 'integer', (c) => c.notNull())
    .execute();
}

/** Pages show for how much of a time a runner was busy. */
export async function addRunnerEnds(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createIndex('attempts_by_runner_end')
    .on('attempts')
    .columns(['runner_name', 'finished_at', 'started_at'])
    .execute();
}
