import { VoltError } from '../kernel/errors.ts';
import { isMailAddress } from '../kernel/mail-address.ts';
import type { PersonAddress } from '../kernel/model/people-shapes.ts';
import type { Database, Sql } from './database.ts';
import { personNamed } from './people.ts';

/** Mail addresses of people: what tells whose a commit is. They sign nobody in, and give no right. */

/** The most addresses that an administrator gives one person. */
const most = 50;

/** The addresses of mail of a person, and who has given each. */
export async function addressesOf({ db }: { db: Sql }, person: number): Promise<PersonAddress[]> {
  return db
    .selectFrom('person_addresses')
    .select(['address', 'source'])
    .where('person_id', '=', person)
    .orderBy('address')
    .execute();
}

/**
 * Gives a person an address by hand. It stays when a provider tells another one.
 * @throws VoltError `not_found`, `bad_request` for what is no address, `conflict` if it is that of another person
 */
export async function addAddress(database: Database, name: string, given: string): Promise<void> {
  const address = given.toLowerCase();
  if (!isMailAddress(address)) {
    throw new VoltError('bad_request', `"${given.slice(0, 100)}" is no mail address`, {
      remedy: 'Give a plain address, such as ada@example.org.',
      field: 'address',
    });
  }
  await database.write(async (db) => {
    const { id } = await personNamed({ db }, name);
    const other = await db
      .selectFrom('person_addresses')
      .innerJoin('people', 'people.id', 'person_addresses.person_id')
      .select(['people.id', 'people.name'])
      .where('address', '=', address)
      .executeTakeFirst();
    if (other && other.id !== id) {
      throw new VoltError('conflict', `the address belongs to ${other.name}`, {
        remedy: `Take it away first: \`volt people address rm ${other.name} ADDRESS\`.`,
        field: 'address',
      });
    }
    if ((await addressesOf({ db }, id)).length >= most) {
      throw new VoltError('conflict', `${name} has ${most} addresses, which is the limit`, {
        remedy: 'Remove some that are not used any more.',
        field: 'address',
      });
    }
    await db
      .insertInto('person_addresses')
      .values({ address, person_id: id, source: 'hand' })
      .onConflict((conflict) => conflict.column('address').doUpdateSet({ source: 'hand' }))
      .execute();
  });
}

/** @throws VoltError `not_found` */
export async function removeAddress(database: Database, name: string, address: string): Promise<void> {
  await database.write(async (db) => {
    const { id } = await personNamed({ db }, name);
    const removed = await db
      .deleteFrom('person_addresses')
      .where('person_id', '=', id)
      .where('address', '=', address.toLowerCase())
      .returning('address')
      .executeTakeFirst();
    if (removed) return;
    throw new VoltError('not_found', `${name} has no such address`, {
      remedy: `\`volt people show ${name}\` lists them.`,
    });
  });
}
