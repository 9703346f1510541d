import { existsSync } from 'node:fs';
import Database from 'libsql';
import type { Config } from '../kernel/config.ts';
import { databaseAddress } from './address.ts';
import { inspectDatabase } from './inspect-postgres.ts';
import type { RecordInspection } from './inspection.ts';

/**
 * Looks into the record that the configuration names, without bringing it to this version.
 * @returns where it is as it may be shown, and what it holds, undefined where it is still to be made
 * @throws VoltError `bad_setting`, those of a database that cannot be reached, what libsql throws where it is none
 */
export async function inspectNamed(config: Config): Promise<{ where: string; found: RecordInspection | undefined }> {
  const place = databaseAddress(config);
  if (place.kind === 'sqlite') {
    return { where: place.file, found: existsSync(place.file) ? inspectRecord(place.file) : undefined };
  }
  return inspectDatabase(place.url, config);
}

/**
 * Looks into a record's file without bringing it to this version.
 * @throws what libsql throws where it is no database
 */
export function inspectRecord(file: string): RecordInspection {
  const database = new Database(file);
  try {
    const value = (key: string) =>
      (database.prepare('select value from meta where key = ?').get(key) as { value: string } | undefined)?.value;
    // the file alone does not tell: its newest pages may be in the write-ahead log
    const pages = database
      .prepare('select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()')
      .get() as { bytes: number };
    const rows = database.prepare('pragma quick_check(20)').all() as { quick_check: string }[];
    return {
      bytes: pages.bytes,
      schemaVersion: Number(value('schema_version') ?? 0),
      recordId: value('record_id'),
      faults: rows.map((row) => row.quick_check).filter((text) => text !== 'ok'),
    };
  } finally {
    database.close();
  }
}
