import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { type Selectable, sql } from 'kysely';
import type { ShownPerson } from '../kernel/model/people-shapes.ts';
import type { Database, Sql } from './database.ts';
import { personOf, shownPerson } from './people.ts';
import type { Schema } from './schema.ts';
import { holdsAll } from './text-search.ts';

interface PeopleFilter {
  limit: number;
  /** only people whose names come after this one */
  after?: string | undefined;
  /** words in the name, the display name, a login or an address */
  text?: string | undefined;
}

type Row = Selectable<Schema['people']>;

/**
 * How many people one query looks at. No index finds a text inside another, and a query of SQLite holds the event loop: this keeps
 * it below some 10 ms.
 */
const window = 1000;

/** A page of the people, by name. */
export async function pageOfPeople(
  { db }: Pick<Database, 'db'>,
  { limit, after = '', text = '' }: PeopleFilter,
): Promise<{ people: ShownPerson[]; next: string | null }> {
  const words = text.split(/\s+/).filter((word) => word !== '');
  // one more than asked for shows whether there is a next page
  const rows = await (words.length === 0
    ? byName(db, after)
        .limit(limit + 1)
        .execute()
    : found(db, words, after, limit + 1));
  const shown = rows.slice(0, limit);
  const logins = await loginsOf(
    db,
    shown.map(({ id }) => id),
  );
  return {
    people: shown.map((row) => shownPerson(personOf(row), logins.get(row.id) ?? [])),
    next: rows.length > limit ? (shown.at(-1)?.name ?? null) : null,
  };
}

/** Everything by which people are searched, in one text. */
const known = sql<string>`name || ' ' || display_name || ' ' || coalesce(
  (select string_agg(login, ' ') from identities where person_id = people.id), '') || ' ' || coalesce(
  (select string_agg(address, ' ') from person_addresses where person_id = people.id), '')`;

async function found(db: Sql, words: readonly string[], after: string, limit: number): Promise<Row[]> {
  const rows: Row[] = [];
  let from = after;
  for (;;) {
    const { to } = await db
      .selectFrom(byName(db, from).limit(window).as('some'))
      .select((eb) => eb.fn.max<string | null>('some.name').as('to'))
      .executeTakeFirstOrThrow();
    if (to === null) return rows;
    const matching = byName(db, from).where('name', '<=', to).where(holdsAll(known, words));
    rows.push(...(await matching.limit(limit - rows.length).execute()));
    if (rows.length === limit) return rows;
    from = to;
    await yieldToOthers();
  }
}

function byName(db: Sql, after: string) {
  return db.selectFrom('people').selectAll().where('name', '>', after).orderBy('name');
}

async function loginsOf(db: Sql, people: readonly number[]): Promise<Map<number, string[]>> {
  if (people.length === 0) return new Map();
  const rows = await db
    .selectFrom('identities')
    .select(['person_id', 'provider', 'login'])
    .where('person_id', 'in', people)
    .orderBy('provider')
    .execute();
  const logins = new Map<number, string[]>();
  for (const { person_id: id, provider, login } of rows)
    logins.set(id, [...(logins.get(id) ?? []), `${provider}:${login}`]);
  return logins;
}
