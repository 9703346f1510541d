import type { Sql } from './database.ts';

/** Observed repositories: those that were not removed. */
export function observed(db: Sql) {
  return db.selectFrom('repositories').where('removed_at', 'is', null);
}
