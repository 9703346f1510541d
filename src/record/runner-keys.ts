import { VoltError } from '../kernel/errors.ts';
import type { AttemptRef } from '../kernel/model.ts';
import { fitsGlobs } from '../kernel/names.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql } from './database.ts';
import type { Schema } from './schema.ts';

/** A key by which the words of runners are known; several runners may have one. */
export interface RunnerKeyEntry {
  name: string;
  publicKey: string;
  /** globs of the repositories that its runners are kept for; empty means all */
  repos: string[];
  /** made by runners beside the record's stages */
  own: boolean;
  createdBy: string;
  createdAt: string;
}

/** @throws VoltError `name_taken` */
export async function addRunnerKey(
  database: Database,
  key: Pick<RunnerKeyEntry, 'name' | 'publicKey' | 'repos' | 'createdBy'> & { own?: boolean },
): Promise<RunnerKeyEntry> {
  const added = await database.write((db) => insert(db, { own: false, ...key }));
  if (added) return added;
  if (await isKnown(database.db, key.publicKey)) {
    throw new VoltError('name_taken', `the public key ${key.publicKey} is known already, or was ended`, {
      remedy:
        'A key that was ended stays so: remove `keys/runner` in the data directory of the runner, start that again, and add the key that it says it has then.',
    });
  }
  throw new VoltError('name_taken', `there is a key for runners "${key.name}" already`, {
    remedy: 'Choose another name, or end that one first: `volt runner-key rm`.',
  });
}

/** Most keys that are taken in without a person: one for each data directory that has stages of the record, and some more. */
const mostOwn = 8;

/**
 * Takes in the key of runners that share the data directory of a stage of the record; where its name is another's, it gets a
 * number. Once a person has removed such a key, none is taken in any more but by a person: whoever was shut out could make
 * another at once.
 */
export async function adoptRunnerKey(database: Database, name: string, publicKey: string): Promise<void> {
  if (await isKnown(database.db, publicKey)) return;
  await database.write(async (db) => {
    const own = await db.selectFrom('runner_keys').select('removed_at').where('own', '=', 1).execute();
    if (own.length >= mostOwn || own.some(({ removed_at }) => removed_at !== null)) return;
    const about = { publicKey, repos: [], own: true, createdBy: 'the data directory' };
    for (let number = 1; !(await isKnown(db, publicKey)); number++)
      await insert(db, { ...about, name: number === 1 ? name : `${name}-${number}` });
  });
}

async function isKnown(db: Sql, publicKey: string): Promise<boolean> {
  const row = await db.selectFrom('runner_keys').select('name').where('public_key', '=', publicKey).executeTakeFirst();
  return row !== undefined;
}

async function insert(
  db: Sql,
  { name, publicKey, repos, own, createdBy }: Omit<RunnerKeyEntry, 'createdAt'>,
): Promise<RunnerKeyEntry | undefined> {
  const taken = await db
    .selectFrom('runner_keys')
    .select('name')
    .where((eb) => eb.or([eb('public_key', '=', publicKey), eb('name', '=', name).and('removed_at', 'is', null)]))
    .executeTakeFirst();
  if (taken) return undefined;
  const row = await db
    .insertInto('runner_keys')
    .values({
      ...{ public_key: publicKey, name, repos: JSON.stringify(repos), own: own ? 1 : 0 },
      ...{ created_by: createdBy, created_at: serverNow(), removed_at: null },
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return entryOf(row);
}

/** Ends a key: what its runners say counts no more, and they are given nothing. @throws VoltError `not_found` */
export async function removeRunnerKey(database: Database, name: string): Promise<void> {
  const removed = await database.write((db) =>
    db
      .updateTable('runner_keys')
      .set({ removed_at: serverNow() })
      .where('name', '=', name)
      .where('removed_at', 'is', null)
      .returning('name')
      .executeTakeFirst(),
  );
  if (removed) return;
  throw new VoltError('not_found', `there is no key for runners "${name}"`, {
    remedy: '`volt runner-key ls` lists those that are.',
  });
}

/** All that are good for something, by name. */
export async function listRunnerKeys(database: Database): Promise<RunnerKeyEntry[]> {
  const rows = await database.db
    .selectFrom('runner_keys')
    .selectAll()
    .where('removed_at', 'is', null)
    .orderBy('name')
    .execute();
  return rows.map(entryOf);
}

/** Who has begun an attempt, and what the holder of a key may do about it. */
export interface AttemptHolder {
  /** public key of the runner that has begun it; null while none has, and of attempts of an older Volt */
  key: string | null;
  /** id of that runner */
  runner: string | null;
  /** no runner has begun it, and one may */
  isFree: boolean;
  isRunning: boolean;
}

/**
 * @param speaker public key of who wants to speak for the attempt, and the name of its runner
 * @returns `holder`: undefined where there is no such attempt; `objection`: why the holder of the key has no say in jobs of
 * this repository, undefined where it may have
 */
export async function attemptHolder(
  db: Sql,
  ref: AttemptRef,
  speaker: { key: string; name: string },
): Promise<{ holder: AttemptHolder; objection: string | undefined } | undefined> {
  const row = await db
    .selectFrom('attempts')
    .innerJoin('jobs', 'jobs.id', 'attempts.job_id')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .leftJoin('runner_keys', (join) =>
      join.on('runner_keys.public_key', '=', speaker.key).on('runner_keys.removed_at', 'is', null),
    )
    .select([
      ...(['attempts.runner_key', 'attempts.runner_id', 'attempts.status', 'jobs.attempt', 'builds.repo'] as const),
      ...(['runner_keys.name as key_name', 'runner_keys.repos'] as const),
    ])
    .select((eb) =>
      eb
        .selectFrom('runner_keys as others')
        .select('others.name')
        .where('others.name', '=', speaker.name)
        .where('others.removed_at', 'is', null)
        .where('others.public_key', '<>', speaker.key)
        .as('taken'),
    )
    .where('attempts.job_id', '=', ref.job)
    .where('attempts.number', '=', ref.attempt)
    .executeTakeFirst();
  if (!row) return undefined;
  const isFree = row.status === 'queued' && row.attempt === ref.attempt;
  const holder = { key: row.runner_key, runner: row.runner_id, isFree, isRunning: row.status === 'running' };
  const repos = JSON.parse(row.repos ?? '[]') as string[];
  if (row.key_name === null) return { holder, objection: unknownKey };
  if (row.taken !== null) return { holder, objection: `the name ${row.taken} belongs to another key` };
  if (!fitsGlobs(repos, row.repo))
    return { holder, objection: `its key ${row.key_name} is kept for ${repos.join(', ')}` };
  return { holder, objection: undefined };
}

/** Whose log one is. `isGood`: nobody has ended the key since. */
export type LogOwner = AttemptHolder & { isGood: boolean };

/** @returns undefined where there is no such attempt */
export async function logOwner(db: Sql, ref: AttemptRef): Promise<LogOwner | undefined> {
  const row = await db
    .selectFrom('attempts')
    .innerJoin('jobs', 'jobs.id', 'attempts.job_id')
    .leftJoin('runner_keys', (join) =>
      join.onRef('runner_keys.public_key', '=', 'attempts.runner_key').on('runner_keys.removed_at', 'is', null),
    )
    .select([
      ...(['attempts.runner_key', 'attempts.runner_id', 'attempts.status'] as const),
      ...(['jobs.attempt', 'runner_keys.name'] as const),
    ])
    .where('attempts.job_id', '=', ref.job)
    .where('attempts.number', '=', ref.attempt)
    .executeTakeFirst();
  if (!row) return undefined;
  const isFree = row.status === 'queued' && row.attempt === ref.attempt;
  const holder = { key: row.runner_key, runner: row.runner_id, isFree, isRunning: row.status === 'running' };
  return { ...holder, isGood: row.name !== null };
}

export const unknownKey = 'its key is not known, or a person has ended it';

/** Whether a key is good for anything. */
export async function isRunnerKey(db: Sql, publicKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('runner_keys')
    .select('name')
    .where('public_key', '=', publicKey)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}

function entryOf({ name, public_key, repos, own, created_by, created_at }: Schema['runner_keys']): RunnerKeyEntry {
  return {
    name,
    publicKey: public_key,
    repos: JSON.parse(repos) as string[],
    own: own === 1,
    createdBy: created_by,
    createdAt: new Date(created_at).toISOString(),
  };
}
