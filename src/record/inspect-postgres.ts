import { Kysely, sql } from 'kysely';
import type { Config } from '../kernel/config.ts';
import type { RecordInspection } from './inspection.ts';
import { postgresEngine } from './postgres.ts';
import { parsePostgresUrl, shownAddress } from './postgres-url.ts';
import type { Schema } from './schema.ts';

/**
 * As `inspectNamed`, for a PostgreSQL database.
 * @throws VoltError `bad_setting`, `record_unreachable`, `record_denied`, `record_missing`
 */
export async function inspectDatabase(
  url: string,
  config: Config,
): Promise<{ where: string; found: RecordInspection | undefined }> {
  const { dialect } = await postgresEngine(url, config);
  const db = new Kysely<Schema>({ dialect });
  try {
    const { rows } = await sql<{ version: string; bytes: number; made: boolean }>`
      select current_setting('server_version') as version, pg_database_size(current_database()) as bytes,
        to_regclass('meta') is not null as made`.execute(db);
    const [{ version = '', bytes = 0, made = false } = {}] = rows;
    const where = `PostgreSQL ${version}, ${shownAddress(parsePostgresUrl(url))}`;
    if (!made) return { where, found: undefined };
    const meta = new Map((await db.selectFrom('meta').selectAll().execute()).map(({ key, value }) => [key, value]));
    const schemaVersion = Number(meta.get('schema_version') ?? 0);
    return { where, found: { bytes, schemaVersion, recordId: meta.get('record_id'), faults: [] } };
  } finally {
    await db.destroy();
  }
}
