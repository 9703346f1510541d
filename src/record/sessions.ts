import type { ExpressionBuilder, Selectable } from 'kysely';
import { serverNow } from '../kernel/server-time.ts';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';

/** A browser that is signed in. */
export interface Session {
  /** a hash of the cookie's secret: whoever knows it cannot use the session */
  id: string;
  /** who signed in; null for a session of the main token, and of a token of nobody */
  person: number | null;
  /** the token that it began with; null for the main one, and for none */
  token: number | null;
  /** where the person signed in; null with a token */
  provider: string | null;
  origin: string;
  createdAt: string;
  lastUsedAt: string;
  until: string;
  /** network address of the browser when it signed in, and what it says it is */
  address: string;
  agent: string;
}

/** Whose sessions: those of a person (with tokens of the person, too), of one token, or of the main token. */
export type SessionOwner = { person: number } | { token: number } | 'main token';

/** A use is noted only if the last noted one is longer ago than this (ms). */
const noteEvery = 60_000;

/** A time (ms) that is later than all others. */
const forever = Number.MAX_SAFE_INTEGER;

/** Longest text of a browser about itself that is kept. */
const longestAgent = 300;

/** @param session `lifetime` in milliseconds */
export async function addSession(
  database: Database,
  {
    lifetime,
    agent,
    person,
    token,
    ...session
  }: Omit<Session, 'createdAt' | 'lastUsedAt' | 'until'> & { lifetime: number },
): Promise<void> {
  const now = serverNow();
  await database.write((db) =>
    db
      .insertInto('sessions')
      .values({
        ...{ ...session, person_id: person, token_id: token, agent: agent.slice(0, longestAgent) },
        ...{ created_at: now, last_used_at: now, until: now + lifetime },
      })
      .execute(),
  );
}

/** @returns undefined if it has ended, or never was */
export async function findSession(
  { db }: Pick<Database, 'db'>,
  id: string,
  now = serverNow(),
): Promise<Session | undefined> {
  const row = await db
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', id)
    .where('until', '>', now)
    .executeTakeFirst();
  return row && sessionOf(row);
}

/** Newest first. */
export async function listSessions({ db }: Pick<Database, 'db'>, owner: SessionOwner): Promise<Session[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where((eb) => isOf(eb, owner))
    .where('until', '>', serverNow())
    .orderBy('created_at', 'desc')
    .execute();
  return rows.map(sessionOf);
}

/** Notes the use of a session, unless one was noted a moment ago. */
export async function noteSessionUse(
  database: Database,
  { id, lastUsedAt }: Pick<Session, 'id' | 'lastUsedAt'>,
): Promise<void> {
  const now = serverNow();
  if (now - Date.parse(lastUsedAt) < noteEvery) return;
  await database.write((db) => db.updateTable('sessions').set({ last_used_at: now }).where('id', '=', id).execute());
}

/** @returns where the session began; undefined if there was no such session */
export async function endSession(database: Database, id: string): Promise<Pick<Session, 'provider'> | undefined> {
  return database.write((db) =>
    db.deleteFrom('sessions').where('id', '=', id).returning('provider').executeTakeFirst(),
  );
}

/**
 * @param begunBefore milliseconds since 1970; a session that has begun later stays
 * @returns whether it was a session of that owner, and has ended
 */
export async function endSessionOf(
  database: Database,
  owner: SessionOwner,
  id: string,
  begunBefore = forever,
): Promise<boolean> {
  const ended = await database.write((db) =>
    db
      .deleteFrom('sessions')
      .where('id', '=', id)
      .where('created_at', '<=', begunBefore)
      .where((eb) => isOf(eb, owner))
      .returning('id')
      .executeTakeFirst(),
  );
  return ended !== undefined;
}

/**
 * @param except id of a session that stays
 * @param begunBefore milliseconds since 1970; sessions that have begun later stay
 * @returns how many have ended
 */
export async function endSessions(
  database: Database,
  owner: SessionOwner,
  { except = '', begunBefore = forever }: { except?: string | undefined; begunBefore?: number | undefined } = {},
): Promise<number> {
  const ended = await database.write((db) =>
    db
      .deleteFrom('sessions')
      .where('id', '<>', except)
      .where('created_at', '<=', begunBefore)
      .where((eb) => isOf(eb, owner))
      .returning('id')
      .execute(),
  );
  return ended.length;
}

/** Ends the sessions that a person began with a provider. */
export async function endSessionsAt(database: Database, person: number, provider: string): Promise<void> {
  await database.write((db) =>
    db.deleteFrom('sessions').where('person_id', '=', person).where('provider', '=', provider).execute(),
  );
}

/** Removes the rows of sessions that have expired. */
export async function removeExpiredSessions(database: Database, now: number): Promise<void> {
  await database.write((db) => db.deleteFrom('sessions').where('until', '<=', now).execute());
}

function isOf(eb: ExpressionBuilder<Schema, 'sessions'>, owner: SessionOwner) {
  if (owner === 'main token') return eb.and([eb('person_id', 'is', null), eb('token_id', 'is', null)]);
  return 'person' in owner ? eb('person_id', '=', owner.person) : eb('token_id', '=', owner.token);
}

function sessionOf(row: Selectable<Schema['sessions']>): Session {
  const { person_id: person, token_id: token, created_at, last_used_at, until, ...rest } = row;
  const time = (at: number) => new Date(at).toISOString();
  return {
    ...{ ...rest, person, token },
    ...{ createdAt: time(created_at), lastUsedAt: time(last_used_at), until: time(until) },
  };
}
