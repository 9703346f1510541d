import type { Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Builds may be of events that only a forge or Volt itself tells of. */
export async function addEvents(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('repositories')
    .addColumn('awaited', 'text', (c) => c.notNull().defaultTo('[]'))
    .execute();
  await db.schema.alterTable('builds').addColumn('event', 'text').execute();
}

/** A branch that appears among those that are watched is known to be new. */
export async function addSeenBranches(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('repositories').addColumn('branches_seen', 'text').execute();
}

/** Runs of workflows have numbers and phases of their own. */
export async function addWorkflowRuns(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('build_workflows')
    .addColumn('runs', 'text', (c) => c.notNull().defaultTo('[]'))
    .execute();
  await db.schema
    .createTable('workflow_counts')
    .addColumn('repo', 'text', (c) => c.notNull().references('repositories.name').onDelete('cascade'))
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('runs', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('workflow_counts_key', ['repo', 'path'])
    .execute();
}
