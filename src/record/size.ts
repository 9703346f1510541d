import { sql } from 'kysely';
import type { Record } from './record.ts';

/** Bytes of the record's pages, without what its write-ahead log holds beside them for a while. */
export async function recordBytes(record: Record): Promise<number> {
  const { rows } = await sql<{
    bytes: number;
  }>`select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()`.execute(record.db);
  return rows[0]?.bytes ?? 0;
}
