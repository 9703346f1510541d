import { type Expression, sql } from 'kysely';

/** Whether a column contains a text; case does not matter. */
export function holds(column: string, text: string) {
  return sql<boolean>`lower(${sql.ref(column)}) like ${`%${escaped(text.toLowerCase())}%`} escape '\\'`;
}

/** Escapes the wildcards of LIKE. */
export function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** Whether a text contains each of the words; case does not matter. */
export function holdsAll(text: Expression<string>, words: readonly string[]) {
  const found = words.map(
    (word) => sql<boolean>`lower(${text}) like ${`%${escaped(word.toLowerCase())}%`} escape '\\'`,
  );
  return found.length === 0 ? sql<boolean>`1 = 1` : sql<boolean>`(${sql.join(found, sql` and `)})`;
}
