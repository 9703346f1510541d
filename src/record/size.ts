import { sql } from 'kysely';
import type { Database } from './database.ts';

const query = {
  // without the write-ahead log
  sqlite: sql<{ bytes: number }>`select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()`,
  postgres: sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`,
};

export async function recordBytes({ db, kind }: Database): Promise<number> {
  const { rows } = await query[kind].execute(db);
  return rows[0]?.bytes ?? 0;
}
