import { randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

/** What the secret of a repository's webhook is derived from, null while it has none. */
export async function hookSaltOf(database: Database, repo: string): Promise<string | null> {
  const row = await database.db
    .selectFrom('repositories')
    .select('hook_salt')
    .where('name', '=', repo)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return row?.hook_salt ?? null;
}

/**
 * Gives a repository a webhook where it has none.
 * @param rotate whether one that it has gets another secret
 * @returns what its secret is derived from, undefined where there is no such repository
 */
export async function ensureHookSalt(database: Database, repo: string, rotate: boolean): Promise<string | undefined> {
  return database.write(async (db) => {
    const row = await db
      .selectFrom('repositories')
      .select('hook_salt')
      .where('name', '=', repo)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    if (!row) return undefined;
    if (row.hook_salt !== null && !rotate) return row.hook_salt;
    const salt = randomBytes(16).toString('hex');
    await db.updateTable('repositories').set({ hook_salt: salt }).where('name', '=', repo).execute();
    return salt;
  });
}
