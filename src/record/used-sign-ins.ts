import { createHash } from 'node:crypto';
import { serverNow } from '../kernel/server-time.ts';
import type { Database } from './database.ts';

/**
 * Notes that a provider has answered a sign-in, which it may do once. The database keeps that, and not Redis: people sign in while Redis
 * is away, and a Redis that was wiped would let a copied answer in again.
 * @param answer what tells this answer from all others, of any length
 * @param until milliseconds since 1970: from then on it would be refused anyway
 * @returns false if it was noted before
 */
export async function useSignIn(database: Database, answer: string, until: number): Promise<boolean> {
  const hash = createHash('sha256').update(answer).digest('hex');
  return database.write(async (db) => {
    await db.deleteFrom('used_sign_ins').where('until', '<=', serverNow()).execute();
    const noted = await db
      .insertInto('used_sign_ins')
      .values({ hash, until })
      .onConflict((conflict) => conflict.column('hash').doNothing())
      .returning('hash')
      .executeTakeFirst();
    return noted !== undefined;
  });
}
