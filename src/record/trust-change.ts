import type { Database } from './database.ts';
import { forgottenKey, forgottenTrust } from './forgotten-trust.ts';

/**
 * What people are to be told, once, of lists of refs with secrets that were forgotten.
 * @returns sentences; none where an older Volt has left nothing, or where it was told
 */
export async function takeTrustChange(database: Database): Promise<string[]> {
  const row = await database.db.selectFrom('meta').select('value').where('key', '=', forgottenKey).executeTakeFirst();
  if (!row) return [];
  const [taken] = await database.write((db) => db.deleteFrom('meta').where('key', '=', forgottenKey).execute());
  if (taken?.numDeletedRows === 0n) return [];
  return [
    'secrets go to builds of the default branch and of tags now, no longer to those of all branches; `volt secret trust REPO GLOB` names others',
    ...forgottenTrust
      .parse(JSON.parse(row.value))
      .map(
        ({ name, refs }) =>
          `the list of refs of ${name} that have secrets is empty now; to have it back: volt secret trust ${name} ${refs.map((ref) => `'${ref}'`).join(' ')}`,
      ),
  ];
}
