import { type CompiledQuery, sql } from 'kysely';
import type { Record } from '../../../src/record/record.ts';

/** Tables that grow with what is built; the others hold what people have set up. */
const growing = /\b(builds|jobs|attempts|steps|intents|audit|changes|tests|test_results|result)\b/;

/** The steps of a query's plan in which SQLite comes upon rows instead of looking them up. */
export async function scansOf(record: Record, { sql: text, parameters }: CompiledQuery): Promise<string[]> {
  const plan = sql<{ detail: string }>`${sql.raw(`explain query plan ${text}`)}`.compile(record.db);
  const { rows } = await record.db.executeQuery<{ detail: string }>({ ...plan, parameters });
  return rows.map(({ detail }) => detail).filter((detail) => /^SCAN/.test(detail) && growing.test(detail));
}
