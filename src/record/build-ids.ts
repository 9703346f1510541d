import { sql } from 'kysely';
import type { Database, Sql, Write } from './database.ts';

/** The sequence of the ids of builds. */
const sequence = { sqlite: 'builds', postgres: sql`pg_get_serial_sequence('builds', 'id')` } as const;

/** What tells a database from others, and from its former states. */
export function identityOf(database: Database): {
  id: string;
  formerIds: readonly string[];
  newestBuild(): Promise<number>;
} {
  const { id, formerIds } = database;
  return { id, formerIds, newestBuild: () => highestId(database, database.db) };
}

/**
 * Leaves out ids of builds that were used but that the database does not know, because it was set back.
 * @param used the highest id that is known to have been used
 * @param gap how many more ids are left out, since higher ones may have been used, too
 * @returns the highest id in the database, if that is lower; else undefined, and nothing is changed
 */
export async function skipBuildIds(database: Database, used: number, gap: number): Promise<number | undefined> {
  if ((await highestId(database, database.db)) >= used) return undefined;
  return database.write(async (db) => {
    const highest = await highestId(database, db);
    if (highest >= used) return undefined;
    await setHighestId(database, db, used + gap);
    return highest;
  });
}

/** The highest id that a build has ever had in this database. */
async function highestId({ kind }: Pick<Database, 'kind'>, db: Sql | Write): Promise<number> {
  const { rows } =
    kind === 'sqlite'
      ? await sql<{ id: number }>`select seq as id from sqlite_sequence where name = ${sequence.sqlite}`.execute(db)
      : await sql<{ id: number | null }>`select pg_sequence_last_value(${sequence.postgres}) as id`.execute(db);
  return rows[0]?.id ?? 0;
}

async function setHighestId({ kind }: Pick<Database, 'kind'>, db: Write, id: number): Promise<void> {
  if (kind === 'postgres') {
    await sql`select setval(${sequence.postgres}, ${id})`.execute(db);
    return;
  }
  await sql`delete from sqlite_sequence where name = ${sequence.sqlite}`.execute(db);
  await sql`insert into sqlite_sequence (name, seq) values (${sequence.sqlite}, ${id})`.execute(db);
}
