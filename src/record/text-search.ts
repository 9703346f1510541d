import { sql } from 'kysely';

/** Whether a column holds a text, in any case of its letters. */
export function holds(column: string, text: string) {
  return sql<boolean>`lower(${sql.ref(column)}) like ${`%${escaped(text.toLowerCase())}%`} escape '\\'`;
}

/** Text in which no character is a wildcard of LIKE. */
export function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
