import type { Database } from './database.ts';
import { forgottenKey, forgottenTrust } from './forgotten-trust.ts';

/**
 * Tells people once about the lists of refs with secrets that a migration has emptied.
 * @returns sentences; none if an older Volt had no such lists, or if they were printed before
 */
export async function takeTrustChange(database: Database): Promise<string[]> {
  const row = await database.db.selectFrom('meta').select('value').where('key', '=', forgottenKey).executeTakeFirst();
  if (!row) return [];
  const [taken] = await database.write((db) => db.deleteFrom('meta').where('key', '=', forgottenKey).execute());
  if (taken?.numDeletedRows === 0n) return [];
  return [
    'only builds of the default branch and of tags get secrets now, no longer builds of all branches; add refs with `volt secret trust REPO GLOB`',
    ...forgottenTrust
      .parse(JSON.parse(row.value))
      .map(
        ({ name, refs }) =>
          `the list of refs of ${name} that get secrets is now empty; to restore it: volt secret trust ${name} ${refs.map((ref) => `'${ref}'`).join(' ')}`,
      ),
  ];
}
