import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** How many statements are kept, and the longest text (characters) of a kept statement. */
const most = 200;
const longest = 5000;

interface Kept {
  statement: SqliteStatement;
  reader: boolean;
}

/**
 * A database that prepares each statement once: preparing takes SQLite as long as running a small statement, and Volt has few
 * different ones. A failed statement is not kept, since libsql does not reset it, see sqlite.ts.
 */
export function keepingStatements(database: SqliteDatabase): SqliteDatabase {
  const kept = new Map<string, Kept>();
  const find = (sql: string): Kept => {
    const known = kept.get(sql);
    // a Map keeps the order of insertion, so the first one is unused for the longest time
    if (known) kept.delete(sql);
    const statement = known?.statement ?? database.prepare(sql);
    const found = known ?? { statement, reader: statement.reader };
    if (sql.length <= longest) kept.set(sql, found);
    if (kept.size > most) kept.delete(kept.keys().next().value as string);
    return found;
  };
  return {
    prepare: (sql) => {
      const { statement, reader } = find(sql);
      const guarded = <T>(work: () => T): T => {
        try {
          return work();
        } catch (error) {
          kept.delete(sql);
          throw error;
        }
      };
      return {
        reader,
        all: (parameters) => guarded(() => statement.all(parameters)),
        run: (parameters) => guarded(() => statement.run(parameters)),
        // a running iteration needs a statement of its own
        iterate: (parameters) => database.prepare(sql).iterate(parameters),
      };
    },
    close: () => {
      kept.clear();
      database.close();
    },
  };
}
