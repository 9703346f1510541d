import type { BuildId, JobId, Reason } from '../kernel/model.ts';
import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Write } from './database.ts';
import { errorColumns, errorIn } from './error-columns.ts';
import type { IntentRow } from './schema.ts';

/** A request of a person or a rule. It is recorded before any message of it is sent, and stays open until it is done. */
export interface Intent {
  id: number;
  kind: 'trigger' | 'cancel' | 'retry';
  repo: string;
  /** of a trigger: what to build, null for the default branch */
  ref: string | null;
  /** of a cancel or a retry */
  build: BuildId | null;
  /** of a cancel or a retry: null for the whole build */
  job: JobId | null;
  /** of a retry: only jobs that did not succeed */
  failedOnly: boolean;
  /** of a trigger: the event, null for a plain build of the ref */
  event: unknown;
  /** of a cancel: why, if a rule or a named person has requested it */
  because: { reason: Reason; message: string } | null;
  open: boolean;
  /** of a trigger that is done */
  madeBuild: BuildId | null;
  error: { code: string; message: string; remedy: string } | null;
}

/**
 * @param event the event as JSON, unless it is a plain build of the ref
 * @param by name of the person, null if nobody but a rule has requested it
 */
export async function openTrigger(
  database: Database,
  repo: string,
  ref: string | null,
  event: object | null = null,
  by: string | null = null,
): Promise<number> {
  const given = event === null ? {} : { event: JSON.stringify(event) };
  return insert(database, { kind: 'trigger', repo, ref, build_id: null, job_id: null, requested_by: by, ...given });
}

/** Orders a job to end because of a rule; a second order before it has ended changes nothing. */
export async function orderCancel(
  db: Write,
  order: { repo: string; build: BuildId; job: JobId; reason: Reason; message: string },
): Promise<void> {
  const { repo, build, job, reason, message } = order;
  const known = await db
    .selectFrom('intents')
    .select('id')
    .where('kind', '=', 'cancel')
    .where('job_id', '=', job)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  if (known) return;
  await db
    .insertInto('intents')
    .values({ kind: 'cancel', repo, build_id: Number(build), job_id: job, reason, message, created_at: serverNow() })
    .execute();
}

/** @param by name of the person, null if unknown */
export async function openCancel(
  database: Database,
  repo: string,
  build: BuildId,
  job: JobId | null,
  by: string | null = null,
): Promise<number> {
  const because = by === null ? {} : { reason: 'by_user' as const, message: `cancelled by ${by}`, requested_by: by };
  return insert(database, { kind: 'cancel', repo, ref: null, build_id: Number(build), job_id: job, ...because });
}

/** @param by name of the person, null if nobody but a rule has requested it */
export async function openRetry(
  database: Database,
  repo: string,
  build: BuildId,
  wish: { job: JobId | null; failedOnly: boolean },
  by: string | null = null,
): Promise<number> {
  const its = { build_id: Number(build), job_id: wish.job, failed_only: wish.failedOnly ? 1 : 0 };
  return insert(database, { kind: 'retry', repo, ref: null, requested_by: by, ...its });
}

async function insert(
  database: Database,
  values: Pick<IntentRow, 'kind' | 'repo' | 'ref' | 'build_id' | 'job_id'> &
    Partial<Pick<IntentRow, 'failed_only' | 'event' | 'reason' | 'message' | 'requested_by'>>,
): Promise<number> {
  const row = await database.write((db) =>
    db
      .insertInto('intents')
      .values({ ...values, created_at: serverNow() })
      .returning('id')
      .executeTakeFirstOrThrow(),
  );
  return row.id;
}

export async function findIntent(database: Database, id: number): Promise<Intent | undefined> {
  const row = await database.db.selectFrom('intents').selectAll().where('id', '=', id).executeTakeFirst();
  return row && intentOf(row);
}

export function openTriggers(database: Database, repo: string): Promise<Intent[]> {
  return openOnes(database, 'trigger', repo);
}

/** The open triggers with these ids, oldest first. */
export async function openTriggersOf(database: Database, ids: readonly number[]): Promise<Intent[]> {
  const rows = database.db.selectFrom('intents').selectAll().where('closed_at', 'is', null).where('id', 'in', ids);
  return ids.length === 0 ? [] : (await rows.orderBy('id').execute()).map(intentOf);
}

export function openCancels(database: Database): Promise<Intent[]> {
  return openOnes(database, 'cancel');
}

export function openRetries(database: Database): Promise<Intent[]> {
  return openOnes(database, 'retry');
}

async function openOnes(database: Database, kind: Intent['kind'], repo?: string): Promise<Intent[]> {
  let query = database.db.selectFrom('intents').selectAll().where('closed_at', 'is', null).where('kind', '=', kind);
  if (repo !== undefined) query = query.where('repo', '=', repo);
  return (await query.orderBy('id').execute()).map(intentOf);
}

/**
 * Closes an intent that is done.
 * @returns whether it was still open
 */
export async function closeIntent(db: Write, id: number, madeBuild: BuildId | null = null): Promise<boolean> {
  const closed = await db
    .updateTable('intents')
    .set({ closed_at: serverNow(), made_build: madeBuild === null ? null : Number(madeBuild) })
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return closed !== undefined;
}

/** Closes an intent that cannot be carried out. */
export async function failIntent(database: Database, id: number, error: Problem): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('intents')
      .set({ closed_at: serverNow(), ...errorColumns(error) })
      .where('id', '=', id)
      .where('closed_at', 'is', null)
      .execute(),
  );
}

function intentOf(row: IntentRow): Intent {
  return {
    id: row.id,
    kind: row.kind,
    repo: row.repo,
    ref: row.ref,
    build: row.build_id === null ? null : (String(row.build_id) as BuildId),
    job: row.job_id,
    failedOnly: row.failed_only === 1,
    event: row.event === null ? null : JSON.parse(row.event),
    because: row.reason === null ? null : { reason: row.reason, message: row.message ?? '' },
    open: row.closed_at === null,
    madeBuild: row.made_build === null ? null : (String(row.made_build) as BuildId),
    error: errorIn(row),
  };
}
