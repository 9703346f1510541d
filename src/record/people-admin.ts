import { type Selectable, sql } from 'kysely';
import { VoltError } from '../kernel/errors.ts';
import type { PersonDetails, ShownIdentity, ShownPerson } from '../kernel/model/people-shapes.ts';
import type { Database, Sql, Write } from './database.ts';
import { isTaken } from './handles.ts';
import { addPerson, type Person, personNamed, personOf } from './people.ts';
import { addressesOf } from './person-addresses.ts';
import type { Schema } from './schema.ts';
import { holdsAll } from './text-search.ts';

/** What administrators do with people. */

interface PeopleFilter {
  limit: number;
  /** only people whose names come after this one */
  after?: string | undefined;
  /** words in the name, the display name, a login or an address */
  text?: string | undefined;
}

/** A page of the people, by name. */
export async function pageOfPeople(
  { db }: Pick<Database, 'db'>,
  { limit, after, text }: PeopleFilter,
): Promise<{ people: ShownPerson[]; next: string | null }> {
  let query = db
    .selectFrom('people')
    .selectAll()
    .orderBy('name')
    .limit(limit + 1);
  if (after !== undefined) query = query.where('name', '>', after);
  const words = text?.split(/\s+/).filter((word) => word !== '') ?? [];
  const known = sql<string>`name || ' ' || display_name || ' ' || coalesce(
    (select string_agg(login, ' ') from identities where person_id = people.id), '') || ' ' || coalesce(
    (select string_agg(address, ' ') from person_addresses where person_id = people.id), '')`;
  if (words.length > 0) query = query.where(holdsAll(known, words));
  const rows = await query.execute();
  const shown = rows.slice(0, limit);
  const logins = await loginsOf(
    db,
    shown.map(({ id }) => id),
  );
  return {
    people: shown.map((row) => shownOf(personOf(row), logins.get(row.id) ?? [])),
    next: rows.length > limit ? (shown.at(-1)?.name ?? null) : null,
  };
}

/** @throws VoltError `not_found` */
export async function personDetails({ db }: Pick<Database, 'db'>, name: string): Promise<PersonDetails> {
  const found = await personNamed({ db }, name);
  const identities = await identitiesOf(db, found.id);
  const logins = identities.map(({ provider, login }) => `${provider}:${login}`);
  return { ...shownOf(found, logins), identities, addresses: await addressesOf({ db }, found.id) };
}

/**
 * Adds somebody who has not signed in yet, so that an administrator can give rights before.
 * @param given.identity the account with which the person will sign in: its provider, and its id there
 * @throws VoltError `name_taken`, `not_found` for the provider, `conflict` if the account is somebody's already
 */
export async function preparePerson(
  database: Database,
  given: { name: string; displayName: string; identity?: { provider: string; subject: string } | undefined },
): Promise<void> {
  await database.write(async (db) => {
    if (await isTaken(db, given.name)) throw taken(given.name);
    const { id } = await addPerson(db, { login: given.name, displayName: given.displayName });
    if (given.identity) await addIdentity(db, { id, name: given.name }, given.identity);
  });
}

/**
 * Gives a person a further account with which they will sign in.
 * @throws VoltError `not_found` for the person or the provider, `conflict` if the account is somebody's already
 */
export async function giveIdentity(
  database: Database,
  name: string,
  identity: { provider: string; subject: string },
): Promise<void> {
  await database.write(async (db) => addIdentity(db, await personNamed({ db }, name), identity));
}

async function addIdentity(
  db: Write,
  person: Pick<Person, 'id' | 'name'>,
  { provider, subject }: { provider: string; subject: string },
): Promise<void> {
  const row = await db.selectFrom('providers').select('url').where('name', '=', provider).executeTakeFirst();
  if (!row) {
    throw new VoltError('not_found', `there is no provider "${provider}"`, {
      remedy: '`volt provider ls` lists all providers.',
    });
  }
  const added = await db
    .insertInto('identities')
    .values({ issuer: row.url, subject, provider, person_id: person.id, login: person.name, groups: '[]' })
    .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
    .returning('subject')
    .executeTakeFirst();
  if (added) return;
  throw new VoltError('conflict', `the account "${subject}" at ${provider} belongs to a person already`, {
    remedy: '`volt people ls` shows who has which accounts; rename that person instead.',
  });
}

/** Gives a person another handle. @throws VoltError `not_found`, `name_taken` */
export async function renamePerson(database: Database, name: string, wanted: string): Promise<void> {
  await database.write(async (db) => {
    const { id } = await personNamed({ db }, name);
    if (wanted !== name && (await isTaken(db, wanted))) throw taken(wanted);
    await db.updateTable('people').set({ name: wanted }).where('id', '=', id).execute();
  });
}

/**
 * Forgets a person with identities, addresses, rights, tokens and sessions. Whoever signs in again with one of the accounts is
 * somebody new.
 * @throws VoltError `not_found`
 */
export async function removePerson(database: Database, name: string): Promise<void> {
  await database.write(async (db) => {
    const { id } = await personNamed({ db }, name);
    await db.deleteFrom('people').where('id', '=', id).execute();
  });
}

async function identitiesOf(db: Sql, person: number): Promise<ShownIdentity[]> {
  const rows = await db
    .selectFrom('identities')
    .selectAll()
    .where('person_id', '=', person)
    .orderBy('provider')
    .orderBy('login')
    .execute();
  return rows.map(identityOf);
}

async function loginsOf(db: Sql, people: readonly number[]): Promise<Map<number, string[]>> {
  const rows =
    people.length === 0
      ? []
      : await db
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

function identityOf({
  provider,
  issuer,
  subject,
  login,
  groups,
  told_at,
}: Selectable<Schema['identities']>): ShownIdentity {
  const toldAt = told_at === null ? null : new Date(told_at).toISOString();
  return { provider, issuer, subject, login, groups: JSON.parse(groups) as string[], toldAt };
}

function shownOf({ name, displayName, createdAt, lastSeenAt, blockedAt }: Person, logins: string[]): ShownPerson {
  return { name, displayName, logins, createdAt, lastSeenAt, blockedAt };
}

function taken(name: string): VoltError {
  return new VoltError('name_taken', `a person or a token is named "${name}", or nobody may be`, {
    remedy: 'Choose another name. `volt people ls` and `volt token ls` list those that are taken.',
  });
}
