import { type Kysely, sql } from 'kysely';
import { VoltError } from '../kernel/errors.ts';
import { keptDays } from './copies.ts';
import type { Engine } from './engine.ts';
import { setMeta } from './meta.ts';
import { migrations, schemaVersion } from './migrations.ts';
import type { Schema } from './schema.ts';
import { missingParts } from './tables.ts';

/** What a record was when it was opened by a newer Volt. */
export interface Upgrade {
  /** schema version */
  from: number;
  /** file that holds it as it was; null in PostgreSQL */
  copy: string | null;
}

/** What people are told of it. */
export function sayUpgrade({ from, copy }: Upgrade): string {
  const kept = copy === null ? '' : `; as it was, it is in ${copy} for ${keptDays} days`;
  return `the record was brought from schema version ${from} to ${schemaVersion}${kept}`;
}

/**
 * Brings the record to the newest version, under the database's write lock, so that stages that start together do it
 * once, and sees that it has all that the schema names.
 * @param keep is called before anything changes: keeps the record as it is, of the given version
 * @returns undefined where it was of the newest version, or was made
 * @throws VoltError `record_newer` when a newer Volt has written it, `record_incomplete`
 */
export async function migrate(
  db: Kysely<Schema>,
  { kind, forMigration }: Engine,
  keep: (version: number) => string | null,
): Promise<Upgrade | undefined> {
  return db.transaction().execute(async (begun) => {
    const transaction = await forMigration(begun);
    await sql`create table if not exists meta (key text primary key, value text not null)`.execute(transaction);
    const row = await transaction
      .selectFrom('meta')
      .select('value')
      .where('key', '=', 'schema_version')
      .executeTakeFirst();
    const version = Number(row?.value ?? 0);
    if (version > schemaVersion) throw tooNew(version);
    const upgrade = version > 0 && version < schemaVersion ? { from: version, copy: keep(version) } : undefined;
    for (const migration of migrations.slice(version)) await migration(transaction, kind);
    if (version < schemaVersion) await setMeta(transaction, 'schema_version', String(schemaVersion));
    const missing = await missingParts(begun);
    if (missing.length > 0) throw incomplete(missing);
    return upgrade;
  });
}

function tooNew(version: number): VoltError {
  return new VoltError('record_newer', `the record has schema version ${version}, this Volt knows ${schemaVersion}`, {
    remedy:
      'Start the newer Volt that wrote it, or go back by `volt restore`: to a backup, or to the copy of the record that was made before (see "Upgrade" in docs/operating.md).',
  });
}

function incomplete(missing: readonly string[]): VoltError {
  const named = missing.slice(0, 8).join(', ');
  const more = missing.length > 8 ? ` and ${missing.length - 8} more` : '';
  return new VoltError(
    'record_incomplete',
    `the record says schema version ${schemaVersion}, but lacks ${named}${more}`,
    {
      remedy: 'Go back to a backup by `volt restore`. If nobody but Volt has changed the record, please report it.',
    },
  );
}
