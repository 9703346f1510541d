import type { Transaction } from 'kysely';
import { z } from 'zod';
import { setMeta } from './meta.ts';
import type { Schema } from './schema.ts';

/** Under which the record has what was forgotten, until a person was told. */
export const forgottenKey = 'refs_trusted_before';

export const forgottenTrust = z.array(z.object({ name: z.string(), refs: z.array(z.string()) }));

/**
 * Before, a list of refs that have secrets outlived the repository that it was set for, and without one the builds of all
 * branches had them. Nobody takes such a list over: those of an older Volt are emptied, so that no ref of such a repository
 * has secrets until a person says so again. What they held is noted, for that person.
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
