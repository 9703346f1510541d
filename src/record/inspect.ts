import Database from 'libsql';

/** What a record's file holds, as far as it can be told without changing it. */
export interface RecordInspection {
  bytes: number;
  /** as migrations.ts counts it */
  schemaVersion: number;
  recordId: string | undefined;
  /** what SQLite's quick check complains of; empty when all is well */
  faults: string[];
}

/**
 * Looks into a record without bringing it to this version.
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
