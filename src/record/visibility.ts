import { type RawBuilder, sql } from 'kysely';
import type { Database } from './database.ts';
import { observed } from './observed.ts';

/** Which repositories a reader may see. */
export interface Reader {
  /** all repositories */
  all: boolean;
  /** repositories of visibility `internal` */
  internal: boolean;
  /** these repositories, whatever their visibility */
  names: readonly string[];
}

export const administrator: Reader = { all: true, internal: true, names: [] };

/** A reader of public repositories only. */
export const nobody: Reader = { all: false, internal: false, names: [] };

/**
 * The condition that a reader may see the repository that a column names. It is checked for each row, so that lists keep
 * using their own index. Rows without a repository are for administrators only.
 */
export function readable(reader: Reader, column: string): RawBuilder<boolean> {
  if (reader.all) return sql<boolean>`1 = 1`;
  return sql<boolean>`exists (select 1 from repositories as read_of where read_of.name = ${sql.ref(column)} and ${permits(reader)})`;
}

/** Whether the reader may see a repository; false for an unknown name. */
export async function mayRead(database: Database, reader: Reader, repo: string): Promise<boolean> {
  return (await readableOf(database, reader, [repo])).has(repo);
}

/** Names of these repositories that the reader may see. */
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

/** Whether there is a repository that the reader may not see. */
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

/** Whether any observed repository is public. */
export async function anyPublic(database: Database): Promise<boolean> {
  const query = observed(database.db).select('name').where('visibility', '=', 'public');
  return (await query.limit(1).executeTakeFirst()) !== undefined;
}

function permits({ internal, names }: Reader): RawBuilder<boolean> {
  const kinds = internal ? sql`read_of.visibility <> 'private'` : sql`read_of.visibility = 'public'`;
  const named = names.length === 0 ? sql`` : sql` or read_of.name in (${sql.join(names)})`;
  return sql<boolean>`(${kinds}${named})`;
}
