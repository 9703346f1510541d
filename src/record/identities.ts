import type { Selectable } from 'kysely';
import type { Config } from '../kernel/config.ts';
import type { ShownIdentity } from '../kernel/model/people-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql, Write } from './database.ts';
import { addPerson, type Person, personOf } from './people.ts';
import type { Schema } from './schema.ts';

const day = 24 * 3600_000;

/** What a provider tells about somebody who signs in, checked and bounded. */
export interface ToldIdentity {
  /** name of the provider */
  provider: string;
  /** issuer and subject are the identity: neither ever changes, and nobody else gets them */
  issuer: string;
  subject: string;
  /** what the provider calls the person */
  login: string;
  displayName: string;
  /** names of groups there, without the name of the provider */
  groups: readonly string[];
  /** addresses of mail that the provider has verified */
  addresses: readonly string[];
}

/**
 * Notes that somebody has signed in, and what the provider tells. A new identity makes a new person: login and addresses find
 * nobody, since whoever may change them at a provider would get the rights of another person. Two sign-ins at once with one
 * new identity make one person, because only one transaction writes at a time.
 * @param config.groupDays days for which the groups count: who leaves a group, or can no longer sign in, would keep its roles for ever by
 * a token, which never signs in
 * @returns the person, who may be blocked
 */
export async function noteIdentity(
  database: Database,
  { groupDays }: Pick<Config, 'groupDays'>,
  told: ToldIdentity,
): Promise<Person> {
  return database.write(async (db) => {
    const { provider, issuer, subject, login, displayName } = told;
    const known = await db
      .selectFrom('identities')
      .select('person_id')
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .executeTakeFirst();
    const id = known?.person_id ?? (await addPerson(db, { login, displayName })).id;
    const now = serverNow();
    const said = { provider, login, groups: JSON.stringify(told.groups), signed_in_at: now };
    const facts = { ...said, groups_until: now + groupDays * day };
    await db
      .insertInto('identities')
      .values({ issuer, subject, person_id: id, ...facts })
      .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doUpdateSet(facts))
      .execute();
    await noteAddresses(db, id, told);
    const row = await db
      .updateTable('people')
      .set({ display_name: displayName, last_seen_at: now })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return personOf(row);
  });
}

/** An address stays with the person who had it first, and with the one to whom an administrator has given it. */
async function noteAddresses(db: Write, person: number, { issuer, addresses }: ToldIdentity): Promise<void> {
  await db.deleteFrom('person_addresses').where('person_id', '=', person).where('source', '=', issuer).execute();
  for (const address of addresses) {
    await db
      .insertInto('person_addresses')
      .values({ address: address.toLowerCase(), person_id: person, source: issuer })
      .onConflict((conflict) => conflict.column('address').doNothing())
      .execute();
  }
}

/** The groups that providers tell of a person, each as `PROVIDER/GROUP`, without those that were told too long ago. */
export async function groupsOf({ db }: Pick<Database, 'db'>, person: number, now = serverNow()): Promise<string[]> {
  const rows = await db
    .selectFrom('identities')
    .select(['provider', 'groups'])
    .where('person_id', '=', person)
    .where('groups_until', '>', now)
    .orderBy('provider')
    .execute();
  return rows.flatMap(({ provider, groups }) => (JSON.parse(groups) as string[]).map((name) => `${provider}/${name}`));
}

/** The accounts with which a person signs in. */
export async function identitiesOf({ db }: { db: Sql }, person: number): Promise<ShownIdentity[]> {
  const rows = await db
    .selectFrom('identities')
    .selectAll()
    .where('person_id', '=', person)
    .orderBy('provider')
    .orderBy('login')
    .execute();
  return rows.map(identityOf);
}

/** The person with an identity. */
export async function personWith(
  { db }: Pick<Database, 'db'>,
  { issuer, subject }: Pick<ToldIdentity, 'issuer' | 'subject'>,
): Promise<{ id: number; name: string } | undefined> {
  return db
    .selectFrom('identities')
    .innerJoin('people', 'people.id', 'identities.person_id')
    .select(['people.id', 'people.name'])
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
}

function identityOf({
  provider,
  issuer,
  subject,
  login,
  groups,
  signed_in_at,
}: Selectable<Schema['identities']>): ShownIdentity {
  const signedInAt = signed_in_at === null ? null : new Date(signed_in_at).toISOString();
  return { provider, issuer, subject, login, groups: JSON.parse(groups) as string[], signedInAt };
}
