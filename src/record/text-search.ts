import { sql } from 'kysely';

/** Whether a column contains a text; case does not matter. */
export function holds(column: string, text: string) {
  return sql<boolean>`lower(${sql.ref(column)}) like ${`%${escaped(text.toLowerCase())}%`} escape '\\'`;
}

/** Escapes the wildcards of LIKE. */
export function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
