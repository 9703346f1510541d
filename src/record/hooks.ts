import { randomBytes } from 'node:crypto';
import type { Database, Sql } from './database.ts';
import { observed } from './observed.ts';

/** The salt that a repository's webhook secret is derived from; null without a webhook. */
export async function hookSaltOf(database: Database, repo: string): Promise<string | null> {
  const row = await saltRow(database.db, repo);
  return row?.hook_salt ?? null;
}

/**
 * Gives a repository a webhook if it has none.
 * @param rotate whether an existing webhook gets another secret
 * @returns the salt that its secret is derived from; undefined for an unknown repository
 */
export async function ensureHookSalt(database: Database, repo: string, rotate: boolean): Promise<string | undefined> {
  return database.write(async (db) => {
    const row = await saltRow(db, repo);
    if (!row) return undefined;
    if (row.hook_salt !== null && !rotate) return row.hook_salt;
    const salt = randomBytes(16).toString('hex');
    await db.updateTable('repositories').set({ hook_salt: salt }).where('name', '=', repo).execute();
    return salt;
  });
}

function saltRow(db: Sql, repo: string) {
  return observed(db).select('hook_salt').where('name', '=', repo).executeTakeFirst();
}
