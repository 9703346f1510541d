import type { Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** People start workflows at any ref from a form, which asks for their inputs. */
export async function addStartable(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('startable')
    .addColumn('repo', 'text', (c) => c.notNull().references('repositories.name').onDelete('cascade'))
    .addColumn('ref', 'text', (c) => c.notNull())
    .addColumn('asked_at', 'bigint', (c) => c.notNull())
    .addColumn('answered_at', 'bigint')
    .addColumn('full_ref', 'text')
    .addColumn('sha', 'text')
    .addColumn('workflows', 'text')
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('error_remedy', 'text')
    .addPrimaryKeyConstraint('startable_key', ['repo', 'ref'])
    .execute();
}
