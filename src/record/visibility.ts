import { type RawBuilder, sql } from 'kysely';
import type { Database } from './database.ts';

/** Which repositories somebody may read. */
export interface Reader {
  /** every one */
  all: boolean;
  /** those of visibility `internal` */
  internal: boolean;
  /** these, whatever their visibility */
  names: readonly string[];
}

export const administrator: Reader = { all: true, internal: true, names: [] };

/** Who may read what is public alone. */
export const nobody: Reader = { all: false, internal: false, names: [] };

/**
 * The condition that a reader may read the repository that a column names. It is looked up for each row, so that lists are
 * still gone through in their own order; what belongs to no repository is for administrators alone.
 */
export function readable(reader: Reader, column: string): RawBuilder<boolean> {
  if (reader.all) return sql<boolean>`1 = 1`;
  return sql<boolean>`exists (select 1 from repositories as read_of where read_of.name = ${sql.ref(column)} and ${permits(reader)})`;
}

/** Whether somebody may read a repository; false where there is none of that name. */
export async function mayRead(database: Database, reader: Reader, repo: string): Promise<boolean> {
  if (reader.all) return true;
  const row = await database.db
    .selectFrom('repositories as read_of')
    .select('name')
    .where('name', '=', repo)
    .where(permits(reader))
    .executeTakeFirst();
  return row !== undefined;
}

/** Names of those of these repositories that somebody may read. */
export async function readableOf(database: Database, reader: Reader, repos: readonly string[]): Promise<Set<string>> {
  if (reader.all || repos.length === 0) return new Set(repos);
  const rows = await database.db
    .selectFrom('repositories as read_of')
    .select('name')
    .where('name', 'in', repos)
    .where(permits(reader))
    .execute();
  return new Set(rows.map(({ name }) => name));
}

/** Whether the record knows a repository that somebody may not read. */
export async function hidesAny(database: Database, reader: Reader): Promise<boolean> {
  if (reader.all) return false;
  const row = await database.db
    .selectFrom('repositories as read_of')
    .select('name')
    .where(sql<boolean>`not ${permits(reader)}`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether any repository that is observed is open to everybody. */
export async function anyPublic(database: Database): Promise<boolean> {
  const row = await database.db
    .selectFrom('repositories')
    .select('name')
    .where('visibility', '=', 'public')
    .where('removed_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function permits({ internal, names }: Reader): RawBuilder<boolean> {
  const kinds = internal ? sql`read_of.visibility <> 'private'` : sql`read_of.visibility = 'public'`;
  const named = names.length === 0 ? sql`` : sql` or read_of.name in (${sql.join(names)})`;
  return sql<boolean>`(${kinds}${named})`;
}
