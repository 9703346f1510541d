import { sql } from 'kysely';
import type { BuildId, BuildSummary } from '../kernel/model.ts';
import { lastRequests } from './build-requests.ts';
import type { Database } from './database.ts';
import { holds } from './text-search.ts';
import { knowsPeople, type Reader } from './visibility.ts';

/**
 * The people behind builds. Whose commits they are of: the people who have the mail addresses of the commits' authors. An address is a
 * claim of the commit, which anybody can make; it gives no right. Searches read builds one by one, so they find the addresses of people once, by `in`.
 */

/** The builds with the people who have the addresses of their authors and who asked last that they run, if the reader may know. */
export async function withPeople<B extends Pick<BuildSummary, 'id' | 'person' | 'lastRequest'>>(
  database: Pick<Database, 'db'>,
  builds: readonly B[],
  reader: Reader,
): Promise<B[]> {
  if (builds.length === 0 || !knowsPeople(reader)) return [...builds];
  const requests = await lastRequests(
    database,
    builds.map(({ id }) => id),
  );
  const authored = await withAuthors(database, builds, reader);
  return authored.map((build) => ({ ...build, lastRequest: requests.get(build.id) ?? null }));
}

/** The builds with the people who have the addresses of their authors, if the reader may know. One query for all of them. */
export async function withAuthors<B extends Pick<BuildSummary, 'id' | 'person'>>(
  { db }: Pick<Database, 'db'>,
  builds: readonly B[],
  reader: Reader,
): Promise<B[]> {
  if (builds.length === 0 || !knowsPeople(reader)) return [...builds];
  const rows = await db
    .selectFrom('builds')
    .innerJoin('person_addresses', (join) =>
      join.on('person_addresses.address', '=', sql<string>`lower(builds.author_address)`),
    )
    .innerJoin('people', 'people.id', 'person_addresses.person_id')
    .select(['builds.id', 'people.name', 'people.display_name'])
    .where(
      'builds.id',
      'in',
      builds.map(({ id }) => Number(id)),
    )
    .execute();
  const people = new Map(
    rows.map(({ id, name, display_name }) => [String(id) as BuildId, { name, displayName: display_name }]),
  );
  return builds.map((build) => ({ ...build, person: people.get(build.id) ?? null }));
}

/** Whether the author of a build's commit has a text in the name, or is a person who has it in a name, as the reader may know. */
export function isBy(text: string, reader: Reader) {
  if (!knowsPeople(reader)) return holds('builds.author', text);
  return sql<boolean>`(${holds('builds.author', text)} or lower(builds.author_address) in (
    select address from person_addresses inner join people on people.id = person_addresses.person_id
    where people.name = ${text.toLowerCase()} or ${holds('people.display_name', text)}))`;
}

/** Whether the commit of a build has an address of a person. */
export function isOf(person: number) {
  return sql<boolean>`lower(builds.author_address) in (
    select address from person_addresses where person_id = ${person})`;
}
