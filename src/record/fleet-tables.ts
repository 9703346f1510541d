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
