import { VoltError } from '../kernel/errors.ts';
import type { PersonDetails } from '../kernel/model/people-shapes.ts';
import type { Database, Write } from './database.ts';
import { keepName, requireFreeName } from './handles.ts';
import { identitiesOf } from './identities.ts';
import { mailChoiceOf } from './mail-choice.ts';
import { addPerson, type Person, personNamed, shownPerson } from './people.ts';
import { addressesOf } from './person-addresses.ts';
import { providerNamed } from './providers.ts';

/** What administrators do with people. */

/** @throws VoltError `not_found` */
export async function personDetails({ db }: Pick<Database, 'db'>, name: string): Promise<PersonDetails> {
  const found = await personNamed({ db }, name);
  const identities = await identitiesOf({ db }, found.id);
  const logins = identities.map(({ provider, login }) => `${provider}:${login}`);
  const mail = await mailChoiceOf(db, found.id);
  return { ...shownPerson(found, logins), identities, addresses: await addressesOf({ db }, found.id), mail };
}

/**
 * Adds somebody who has not signed in yet, so that an administrator can give rights before.
 * @param given.identity with which the person will sign in: a provider, and the id there
 * @throws VoltError `name_taken`, `not_found` for the provider, `conflict` if the identity is somebody's already
 */
export async function preparePerson(
  database: Database,
  given: { name: string; displayName: string; identity?: { provider: string; subject: string } | undefined },
): Promise<void> {
  await database.write(async (db) => {
    await requireFreeName(db, given.name);
    const { id } = await addPerson(db, { login: given.name, displayName: given.displayName });
    if (given.identity) await addIdentity(db, { id, name: given.name }, given.identity);
  });
}

/**
 * Gives a person a further identity with which they will sign in.
 * @throws VoltError `not_found` for the person or the provider, `conflict` if the identity is somebody's already
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
  const { url } = await providerNamed({ db }, provider);
  const added = await db
    .insertInto('identities')
    .values({ issuer: url, subject, provider, person_id: person.id, login: person.name, groups: '[]' })
    .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
    .returning('subject')
    .executeTakeFirst();
  if (added) return;
  throw new VoltError('conflict', `the identity "${provider}:${subject}" belongs to a person already`, {
    remedy: '`volt people ls` shows who has which identities; rename that person instead.',
  });
}

/** Gives a person another handle. @throws VoltError `not_found`, `name_taken` */
export async function renamePerson(database: Database, name: string, wanted: string): Promise<void> {
  await database.write(async (db) => {
    const person = await personNamed({ db }, name);
    if (wanted === name) return;
    await requireFreeName(db, wanted, person.id);
    await keepName(db, person);
    await db.updateTable('people').set({ name: wanted }).where('id', '=', person.id).execute();
  });
}

/**
 * Forgets a person with identities, addresses, rights, tokens and sessions. Whoever signs in again with one of the identities is
 * somebody new.
 * @throws VoltError `not_found`
 */
export async function removePerson(database: Database, name: string): Promise<void> {
  await database.write(async (db) => {
    const person = await personNamed({ db }, name);
    await keepName(db, person);
    await db.deleteFrom('people').where('id', '=', person.id).execute();
  });
}
