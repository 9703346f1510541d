import { existsSync } from 'node:fs';
import Database from 'libsql';
import type { Config } from '../kernel/config.ts';
import { databaseAddress } from './address.ts';
import { inspectDatabase } from './inspect-postgres.ts';
import type { RecordInspection } from './inspection.ts';

/**
 * Inspects the database that the settings name, without migrating it.
 * @returns its address as it may be shown, and its content, undefined if it does not exist yet
 * @throws VoltError `bad_setting`, errors of a database that cannot be reached; errors of libsql for a file that is none
 */
export async function inspectNamed(config: Config): Promise<{ where: string; found: RecordInspection | undefined }> {
  const address = databaseAddress(config);
  if (address.kind === 'sqlite') {
    return { where: address.file, found: existsSync(address.file) ? inspectRecord(address.file) : undefined };
  }
  return inspectDatabase(address.url, config);
}

/**
 * Inspects an SQLite file without migrating it.
 * @throws errors of libsql for a file that is no database
 */
export function inspectRecord(file: string): RecordInspection {
  const database = new Database(file);
  try {
    // the file alone is not enough: its newest pages may be in the write-ahead log
    const pages = database
      .prepare('select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()')
      .get() as { bytes: number };
    const rows = database.prepare('pragma quick_check(20)').all() as { quick_check: string }[];
    return {
      bytes: pages.bytes,
      schemaVersion: Number(metaOf(database, 'schema_version') ?? 0),
      recordId: metaOf(database, 'record_id'),
      faults: rows.map((row) => row.quick_check).filter((text) => text !== 'ok'),
    };
  } finally {
    database.close();
  }
}

/** A value of the table `meta`. */
export function metaOf(database: InstanceType<typeof Database>, key: string): string | undefined {
  const row = database.prepare('select value from meta where key = ?').get(key) as { value: string } | undefined;
  return row?.value;
}
