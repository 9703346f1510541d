import { type Kysely, sql } from 'kysely';
import { VoltError } from '../kernel/errors.ts';
import { keptDays } from './copies.ts';
import type { Engine } from './engine.ts';
import { setMeta } from './meta.ts';
import { migrations, schemaVersion } from './migrations.ts';
import type { Schema } from './schema.ts';
import { missingParts } from './tables.ts';

/** A migration that opening the database has made. */
export interface Upgrade {
  /** former schema version */
  from: number;
  /** copy of the former database; null for PostgreSQL */
  copy: string | null;
}

/** The message for people. */
export function sayUpgrade({ from, copy }: Upgrade): string {
  const kept = copy === null ? '' : `; the former database is kept in ${copy} for ${keptDays} days`;
  return `the database was migrated from schema version ${from} to ${schemaVersion}${kept}`;
}

/**
 * Migrates the database to the newest version, under its write lock, so that stages that start together do it once. Then
 * checks that it has all tables and columns of the schema.
 * @param keep is called before anything changes, with the former version, to copy the database
 * @returns undefined if it had the newest version, or is new
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
  return new VoltError('record_newer', `the database has schema version ${version}, this Volt knows ${schemaVersion}`, {
    remedy:
      'Start the newer Volt that wrote it, or go back with `volt restore` to a backup or to the copy made before the migration (see "Upgrade" in docs/operating.md).',
  });
}

function incomplete(missing: readonly string[]): VoltError {
  const named = missing.slice(0, 8).join(', ');
  const more = missing.length > 8 ? ` and ${missing.length - 8} more` : '';
  return new VoltError(
    'record_incomplete',
    `the database has schema version ${schemaVersion}, but lacks ${named}${more}`,
    {
      remedy: 'Restore a backup with `volt restore`. If only Volt has changed the database, please report it.',
    },
  );
}
