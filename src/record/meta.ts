import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Sets or replaces a value of the table `meta`. */
export async function setMeta(db: Kysely<Schema>, key: string, value: string): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
