import { type RawBuilder, sql } from 'kysely';
import type { Database } from './database.ts';
import { observed } from './observed.ts';

/** Which repositories a reader may see. */
export interface Reader {
  /** all repositories */
  all: boolean;
  /** repositories of visibility `public` */
  public: boolean;
  /** repositories that are not private */
  internal: boolean;
  /** repositories that these patterns match, whatever their visibility */
  granted: readonly string[];
}

export const administrator: Reader = { all: true, public: true, internal: true, granted: [] };

/** A reader of public repositories only. */
export const nobody: Reader = { all: false, public: true, internal: false, granted: [] };

/** Whether a reader sees whose commits are whose. Visitors of public repositories see what the commits say. */
export function knowsPeople({ all, internal, granted }: Reader): boolean {
  return all || internal || granted.length > 0;
}

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

function permits(reader: Reader): RawBuilder<boolean> {
  const isPattern = (one: string) => one.includes('*');
  const names = reader.granted.filter((one) => !isPattern(one));
  const conditions = [
    ...(reader.public ? [sql`read_of.visibility = 'public'`] : []),
    ...(reader.internal ? [sql`read_of.visibility <> 'private'`] : []),
    ...(names.length > 0 ? [sql`read_of.name in (${sql.join(names)})`] : []),
    ...reader.granted.filter(isPattern).map((pattern) => sql`read_of.name like ${likeOf(pattern)} escape '\\'`),
  ];
  return sql<boolean>`(${conditions.length > 0 ? sql.join(conditions, sql` or `) : sql`1 = 0`})`;
}

/** A pattern of repository names as one of SQL. */
function likeOf(pattern: string): string {
  return pattern.replaceAll('_', '\\_').replaceAll('*', '%');
}
