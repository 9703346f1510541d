import type { Selectable } from 'kysely';
import { VoltError } from '../kernel/errors.ts';
import type { ShownPerson } from '../kernel/model/people-shapes.ts';
import { handleFrom } from '../kernel/names.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql, Write } from './database.ts';
import { freeName } from './handles.ts';
import type { Schema } from './schema.ts';

/** Somebody who signs in. */
export interface Person {
  id: number;
  /** the handle, unique among people and tokens */
  name: string;
  displayName: string;
  createdAt: string;
  /** when the person last signed in; null for one who never has */
  lastSeenAt: string | null;
  blockedAt: string | null;
}

/**
 * Adds a person.
 * @param login what the provider calls the person; the handle is made from it, with a number at its end if it is taken
 */
export async function addPerson(
  db: Write,
  { login, displayName }: { login: string; displayName: string },
): Promise<Person> {
  const row = await db
    .insertInto('people')
    .values({ name: await freeName(db, handleFrom(login)), display_name: displayName, created_at: serverNow() })
    .returningAll()
    .executeTakeFirstOrThrow();
  return personOf(row);
}

export async function findPerson({ db }: Pick<Database, 'db'>, id: number): Promise<Person | undefined> {
  const row = await db.selectFrom('people').selectAll().where('id', '=', id).executeTakeFirst();
  return row && personOf(row);
}

/** @throws VoltError `not_found` */
export async function personNamed({ db }: { db: Sql }, name: string): Promise<Person> {
  const row = await db.selectFrom('people').selectAll().where('name', '=', name).executeTakeFirst();
  if (!row) throw noPerson(name);
  return personOf(row);
}

/**
 * Blocks a person and ends all sessions of the person, or lets the person sign in again.
 * @throws VoltError `not_found`
 */
export async function setBlocked(database: Database, name: string, blocked: boolean): Promise<Person> {
  return database.write(async (db) => {
    const row = await db
      .updateTable('people')
      .set({ blocked_at: blocked ? serverNow() : null })
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst();
    if (!row) throw noPerson(name);
    if (blocked) await db.deleteFrom('sessions').where('person_id', '=', row.id).execute();
    return personOf(row);
  });
}

export function noPerson(name: string): VoltError {
  return new VoltError('not_found', `there is no person "${name}"`, {
    remedy: '`volt people ls` lists all people; `volt people add` adds somebody who has not signed in yet.',
  });
}

export function personOf(row: Selectable<Schema['people']>): Person {
  const { id, name, display_name: displayName, created_at, last_seen_at, blocked_at } = row;
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  const createdAt = new Date(created_at).toISOString();
  return { id, name, displayName, createdAt, lastSeenAt: time(last_seen_at), blockedAt: time(blocked_at) };
}

/** A person as lists show them. @param logins each as `PROVIDER:LOGIN` */
export function shownPerson(
  { name, displayName, createdAt, lastSeenAt, blockedAt }: Person,
  logins: string[],
): ShownPerson {
  return { name, displayName, logins, createdAt, lastSeenAt, blockedAt };
}
