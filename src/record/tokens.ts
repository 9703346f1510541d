import { createHash, randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import { VoltError } from '../kernel/errors.ts';
import type { Token } from '../kernel/model/access-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql, Write } from './database.ts';
import { requireFreeName } from './handles.ts';
import type { Schema } from './schema.ts';
import { requireRepository } from './scoped-entries.ts';

export interface NamedToken extends Token {
  id: number;
  /** the person as whom it acts; null for a token of nobody */
  personId: number | null;
}

/** A use is noted only if the last noted one is longer ago than this (ms). */
const noteEvery = 60_000;

/** A token when it is made; only now its value is known. */
export type MadeToken = NamedToken & { token: string };

interface NewToken extends Pick<NamedToken, 'name' | 'role' | 'repos' | 'personId' | 'createdBy'> {
  /** for whom it is, if that is no person who signs in */
  person: string | null;
  /** id of the token that it ends with; null for none */
  parent: number | null;
}

/**
 * Makes a token of nobody.
 * @returns the token, which cannot be read again
 * @throws VoltError `name_taken`, `not_found` for a repository, `bad_request` for an administrator's token with repositories
 */
export async function addToken(
  database: Database,
  token: Pick<NamedToken, 'name' | 'role' | 'repos' | 'person' | 'createdBy'>,
): Promise<MadeToken> {
  return database.write((db) => insertToken(db, { ...token, personId: null, parent: null }));
}

/**
 * Adds a token. Only its hash is stored. A token has 256 random bits, which cannot be guessed, so it needs no slow hash and no
 * salt.
 * @throws VoltError as `addToken`
 */
export async function insertToken(
  db: Write,
  { name, role, repos, person, personId, parent, createdBy }: NewToken,
): Promise<MadeToken> {
  if (repos !== null && role === 'admin') {
    throw new VoltError('bad_request', 'a token with the role "admin" is for all repositories', {
      remedy: 'Leave out the repositories, or choose a smaller role: `volt token add NAME --role own`.',
      field: 'repos',
    });
  }
  for (const repo of repos ?? []) await requireRepository(db, repo);
  await requireFreeName(db, name);
  const token = `volt_${randomBytes(32).toString('base64url')}`;
  const { id } = await db
    .insertInto('tokens')
    .values({
      ...{ name, role, hash: hashOf(token), created_by: createdBy, created_at: serverNow() },
      ...{ repos: repos && JSON.stringify(repos), person: person === name ? null : person },
      ...{ person_id: personId, parent_id: parent },
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { ...tokenOf(await tokensIn(db).where('tokens.id', '=', id).executeTakeFirstOrThrow()), token };
}

/** All tokens, by name. */
export async function listTokens({ db }: Pick<Database, 'db'>): Promise<NamedToken[]> {
  return (await tokensIn(db).orderBy('tokens.name').execute()).map(tokenOf);
}

/** The tokens of a person, by name. */
export async function tokensOf({ db }: Pick<Database, 'db'>, person: number): Promise<NamedToken[]> {
  const rows = await tokensIn(db).where('person_id', '=', person).orderBy('tokens.name').execute();
  return rows.map(tokenOf);
}

/** Revokes a token and the sessions that were started with it. @throws VoltError `not_found` */
export async function removeToken(database: Database, name: string): Promise<void> {
  const removed = await database.write((db) =>
    db.deleteFrom('tokens').where('name', '=', name).returning('id').executeTakeFirst(),
  );
  if (!removed) {
    throw new VoltError('not_found', `there is no token "${name}"`, {
      remedy: '`volt token ls` lists all tokens.',
    });
  }
}

/**
 * Revokes all tokens of a person, and the sessions that were started with them.
 * @returns their names, and the names of other people's tokens that were made with them
 * @throws VoltError `not_found`
 */
export async function removeTokensOf(
  database: Database,
  person: string,
): Promise<{ removed: string[]; madeForOthers: string[] }> {
  return database.write(async (db) => {
    const rows = await listTokens({ db });
    const removed = rows.filter((token) => token.person === person).map(({ name }) => name);
    if (removed.length === 0) {
      throw new VoltError('not_found', `${person} has no token`, {
        remedy: '`volt token ls` shows the person of each token.',
      });
    }
    await db.deleteFrom('tokens').where('name', 'in', removed).execute();
    const others = rows.filter((token) => token.person !== person && removed.includes(token.createdBy));
    return { removed, madeForOthers: others.map(({ name }) => name) };
  });
}

/** Removes a repository from all tokens: another repository may get its name. */
export async function forgetInTokens(db: Write, repo: string): Promise<void> {
  const rows = await db.selectFrom('tokens').select(['id', 'repos']).where('repos', 'is not', null).execute();
  for (const { id, repos } of rows) {
    const named = JSON.parse(repos ?? '[]') as string[];
    if (!named.includes(repo)) continue;
    const left = JSON.stringify(named.filter((name) => name !== repo));
    await db.updateTable('tokens').set({ repos: left }).where('id', '=', id).execute();
  }
}

export async function findToken({ db }: Pick<Database, 'db'>, token: string): Promise<NamedToken | undefined> {
  // hashes are compared, so the time reveals nothing about the tokens
  const row = await tokensIn(db).where('hash', '=', hashOf(token)).executeTakeFirst();
  return row && tokenOf(row);
}

export async function findTokenById({ db }: { db: Sql }, id: number): Promise<NamedToken | undefined> {
  const row = await tokensIn(db).where('tokens.id', '=', id).executeTakeFirst();
  return row && tokenOf(row);
}

/** Notes the use of a token, unless one was noted a moment ago. */
export async function noteUse(database: Database, { id, lastUsedAt }: NamedToken, now = serverNow()): Promise<void> {
  if (lastUsedAt !== null && now - Date.parse(lastUsedAt) < noteEvery) return;
  await database.write((db) => db.updateTable('tokens').set({ last_used_at: now }).where('id', '=', id).execute());
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Tokens with the names of their people. */
function tokensIn(db: Sql) {
  return db
    .selectFrom('tokens')
    .leftJoin('people', 'people.id', 'tokens.person_id')
    .selectAll('tokens')
    .select('people.name as person_name');
}

type Row = Selectable<Schema['tokens']> & { person_name: string | null };

function tokenOf(row: Row): NamedToken {
  const { id, name, role, repos, person, person_id: personId, person_name, created_by, created_at, last_used_at } = row;
  return {
    ...{ id, name, role, personId, person: person_name ?? person ?? name, createdBy: created_by },
    repos: repos === null ? null : (JSON.parse(repos) as string[]),
    createdAt: new Date(created_at).toISOString(),
    lastUsedAt: last_used_at === null ? null : new Date(last_used_at).toISOString(),
  };
}
