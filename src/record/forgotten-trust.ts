import type { Transaction } from 'kysely';
import * as z from 'zod';
import { setMeta } from './meta.ts';
import type { Schema } from './schema.ts';

/** Key of the forgotten lists, kept until a warning has been printed. */
export const forgottenKey = 'refs_trusted_before';

export const forgottenTrust = z.array(z.object({ name: z.string(), refs: z.array(z.string()) }));

/**
 * In an older Volt, the list of refs that get secrets outlived its repository, and without a list the builds of all branches
 * got secrets. This empties such lists, so that no ref of such a repository gets secrets until a person sets the list again.
 * The old lists are noted for that person.
 */
export async function forgetTrustedRefs(db: Transaction<Schema>): Promise<void> {
  const rows = await db.selectFrom('repositories').select(['name', 'trusted_refs', 'removed_at']).execute();
  if (rows.length === 0) return;
  const before = rows.flatMap(({ name, trusted_refs: refs, removed_at }) =>
    refs === null || refs === '[]' || removed_at !== null ? [] : [{ name, refs: JSON.parse(refs) as string[] }],
  );
  await db.updateTable('repositories').set({ trusted_refs: null }).where('removed_at', 'is not', null).execute();
  await db.updateTable('repositories').set({ trusted_refs: '[]' }).where('trusted_refs', 'is not', null).execute();
  await setMeta(db, forgottenKey, JSON.stringify(before));
}
