import { createHash, randomBytes } from 'node:crypto';
import { VoltError } from '../kernel/errors.ts';
import type { TokenScope } from '../kernel/token-scope.ts';
import type { Record } from './record.ts';
import type { Schema } from './schema.ts';

export interface NamedToken {
  id: number;
  name: string;
  scope: TokenScope;
  /** who made it */
  createdBy: string;
  createdAt: string;
  lastUsedAt: string | null;
}

/** What the main token is called; no other can have the name. */
export const ownerName = 'owner';

/** A use is noted when the last one noted is longer ago than this, in milliseconds. */
const noteEvery = 60_000;

/**
 * Makes a token. The record keeps a hash of it: a token is 256 random bits, which nobody finds by trying, so that no
 * slow hash and no salt is needed.
 * @returns the token, which cannot be had again
 * @throws VoltError `name_taken`
 */
export async function addToken(
  record: Record,
  { name, scope, createdBy }: Pick<NamedToken, 'name' | 'scope' | 'createdBy'>,
): Promise<NamedToken & { token: string }> {
  const token = `volt_${randomBytes(32).toString('base64url')}`;
  const row =
    name !== ownerName &&
    (await record.write((db) =>
      db
        .insertInto('tokens')
        .values({ name, scope, hash: hashOf(token), created_by: createdBy, created_at: Date.now() })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returningAll()
        .executeTakeFirst(),
    ));
  if (!row) {
    throw new VoltError('name_taken', `there is a token "${name}" already`, {
      remedy: 'Choose another name, or revoke that one first: `volt token rm`.',
    });
  }
  return { ...tokenOf(row), token };
}

/** All tokens, by name. */
export async function listTokens(record: Record): Promise<NamedToken[]> {
  return (await record.db.selectFrom('tokens').selectAll().orderBy('name').execute()).map(tokenOf);
}

/** Revokes a token, and with it the sessions that were begun with it. @throws VoltError `not_found` */
export async function removeToken(record: Record, name: string): Promise<void> {
  const removed = await record.write((db) =>
    db.deleteFrom('tokens').where('name', '=', name).returning('id').executeTakeFirst(),
  );
  if (!removed) {
    throw new VoltError('not_found', `there is no token "${name}"`, {
      remedy: '`volt token ls` lists those that are.',
    });
  }
}

/** Whose token it is. */
export async function findToken(record: Record, token: string): Promise<NamedToken | undefined> {
  // what is compared are hashes, so the time that it takes tells nothing of the tokens
  const row = await record.db.selectFrom('tokens').selectAll().where('hash', '=', hashOf(token)).executeTakeFirst();
  return row && tokenOf(row);
}

export async function findTokenById(record: Record, id: number): Promise<NamedToken | undefined> {
  const row = await record.db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
  return row && tokenOf(row);
}

/** Notes that a token is used, unless that was noted a moment ago. */
export async function noteUse(record: Record, { id, lastUsedAt }: NamedToken, now = Date.now()): Promise<void> {
  if (lastUsedAt !== null && now - Date.parse(lastUsedAt) < noteEvery) return;
  await record.write((db) => db.updateTable('tokens').set({ last_used_at: now }).where('id', '=', id).execute());
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

type Row = Omit<Schema['tokens'], 'id'> & { id: number };

function tokenOf({ id, name, scope, created_by, created_at, last_used_at }: Row): NamedToken {
  return {
    id,
    name,
    scope,
    createdBy: created_by,
    createdAt: new Date(created_at).toISOString(),
    lastUsedAt: last_used_at === null ? null : new Date(last_used_at).toISOString(),
  };
}
