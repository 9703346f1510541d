import { VoltError } from '../kernel/errors.ts';
import type { RunnerKey } from '../kernel/model/access-shapes.ts';
import type { AttemptRef } from '../kernel/model.ts';
import { fitsGlobs } from '../kernel/names.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql } from './database.ts';
import type { AttemptRow, JobRow, Schema } from './schema.ts';

/** @throws VoltError `name_taken` */
export async function addRunnerKey(
  database: Database,
  key: Pick<RunnerKey, 'name' | 'publicKey' | 'repos' | 'createdBy'> & { own?: boolean },
): Promise<RunnerKey> {
  const added = await database.write((db) => insert(db, { own: false, ...key }));
  if (added) return added;
  if (await isKnown(database.db, key.publicKey)) {
    throw new VoltError('name_taken', `the public key ${key.publicKey} exists already, or was ended`, {
      remedy:
        'An ended key stays ended: remove `keys/runner` in the data directory of the runner, restart the runner, and add the new key that it prints.',
    });
  }
  throw new VoltError('name_taken', `there is a key for runners "${key.name}" already`, {
    remedy: 'Choose another name, or end that one first: `volt runner-key rm`.',
  });
}

/** Most keys that are adopted without a person: one for each data directory with stages, and some more. */
const mostOwn = 8;

/**
 * Adopts the key of runners that share the data directory of a stage; if its name is taken, it gets a number. Once a person
 * has removed such a key, only a person can add keys: a runner that was shut out could make another key at once.
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
  { name, publicKey, repos, own, createdBy }: Omit<RunnerKey, 'createdAt'>,
): Promise<RunnerKey | undefined> {
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

/** Ends a key: messages of its runners no longer count, and they get no secrets. @throws VoltError `not_found` */
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
    remedy: '`volt runner-key ls` lists all keys.',
  });
}

/** All valid keys, by name. */
export async function listRunnerKeys(database: Database): Promise<RunnerKey[]> {
  const rows = await validKeys(database.db).selectAll().orderBy('name').execute();
  return rows.map(entryOf);
}

/** The runner that has started an attempt, and whether another key may act for it. */
export interface AttemptHolder {
  /** public key of the runner that has started it; null before, and for attempts of an older Volt */
  key: string | null;
  /** id of that runner */
  runner: string | null;
  /** no runner has started it, and one may */
  isFree: boolean;
  isRunning: boolean;
}

/**
 * @param speaker public key of the sender of a message about the attempt, and the name of its runner
 * @returns `holder`: undefined for an unknown attempt; `objection`: why messages with this key do not count for jobs of the
 * repository, undefined if they do
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
  const holder = holderIn(row, ref);
  const repos = JSON.parse(row.repos ?? '[]') as string[];
  if (row.key_name === null) return { holder, objection: unknownKey };
  if (row.taken !== null) return { holder, objection: `the name ${row.taken} belongs to another key` };
  if (!fitsGlobs(repos, row.repo))
    return { holder, objection: `its key ${row.key_name} is kept for ${repos.join(', ')}` };
  return { holder, objection: undefined };
}

/** @param row of the attempt; `attempt` is the current one of its job */
function holderIn(
  row: Pick<AttemptRow, 'runner_key' | 'runner_id' | 'status'> & Pick<JobRow, 'attempt'>,
  ref: AttemptRef,
): AttemptHolder {
  const isFree = row.status === 'queued' && row.attempt === ref.attempt;
  return { key: row.runner_key, runner: row.runner_id, isFree, isRunning: row.status === 'running' };
}

/** The runner that may write a log. `isGood`: its key was not ended since. */
export type LogOwner = AttemptHolder & { isGood: boolean };

/** @returns undefined for an unknown attempt */
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
  return { ...holderIn(row, ref), isGood: row.name !== null };
}

export const unknownKey = 'its key is not known, or a person has ended it';

/** Whether a key is valid. */
export async function isRunnerKey(db: Sql, publicKey: string): Promise<boolean> {
  const row = await validKeys(db).select('name').where('public_key', '=', publicKey).executeTakeFirst();
  return row !== undefined;
}

function validKeys(db: Sql) {
  return db.selectFrom('runner_keys').where('removed_at', 'is', null);
}

function entryOf({ name, public_key, repos, own, created_by, created_at }: Schema['runner_keys']): RunnerKey {
  return {
    name,
    publicKey: public_key,
    repos: JSON.parse(repos) as string[],
    own: own === 1,
    createdBy: created_by,
    createdAt: new Date(created_at).toISOString(),
  };
}
