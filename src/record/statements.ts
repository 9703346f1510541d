import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** Statements that are kept, and the longest text (characters) of one that is. */
const most = 200;
const longest = 5000;

interface Kept {
  statement: SqliteStatement;
  reader: boolean;
}

/**
 * A database that prepares each statement once. Reading the text of one takes SQLite as long as a small statement takes
 * to run, and Volt has few of them. One that has failed is not kept: libsql does not reset it, see sqlite.ts.
 */
export function keepingStatements(database: SqliteDatabase): SqliteDatabase {
  const kept = new Map<string, Kept>();
  const find = (sql: string): Kept => {
    const known = kept.get(sql);
    // the order of a Map is that of insertion, so the first is the longest unused
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
        // it may still be read from when the same is asked for again
        iterate: (parameters) => database.prepare(sql).iterate(parameters),
      };
    },
    close: () => {
      kept.clear();
      database.close();
    },
  };
}
