import type { Selectable } from 'kysely';
import type { Notice } from '../kernel/model/notice-shapes.ts';
import type { GeneralEvent, NoticeEvent } from '../kernel/notices.ts';
import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql } from './database.ts';
import { errorColumns, errorIn, noError } from './error-columns.ts';
import type { Schema } from './schema.ts';
import { administrator, type Reader, readable } from './visibility.ts';

/** Sending notices, and showing what became of them; new-notices.ts makes them. */

/** A notice that is due. */
export interface DueNotice {
  id: number;
  recipient: string;
  /** null for a test and a digest */
  build: number | null;
  /** the first and the last entry of the audit log that it tells of; null for other notices */
  entries: { first: number; last: number } | null;
  event: NoticeEvent | GeneralEvent;
  since: number | null;
  why: string;
  attempts: number;
  createdAt: number;
}

/** The notice of a target that is due for the longest time. */
export async function nextNotice({ db }: Pick<Database, 'db'>, target: string): Promise<DueNotice | undefined> {
  const row = await db
    .selectFrom('notices')
    .selectAll()
    .where('target', '=', target)
    .where('due_at', '<=', serverNow())
    .orderBy('due_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  if (!row) return undefined;
  const {
    id,
    recipient,
    build_id,
    event,
    since,
    why,
    attempts,
    created_at,
    audit_first: first,
    audit_last: last,
  } = row;
  const entries = first === null || last === null ? null : { first, last };
  return { id, recipient, build: build_id, entries, event, since, why, attempts, createdAt: created_at };
}

/**
 * Records, before a notice is sent, that it may arrive.
 * @param holder the notifier that sends it
 * @returns false if it is not to be sent any more, or the notifier has lost the target
 */
export async function noteNoticeBegun(database: Database, id: number, holder: string): Promise<boolean> {
  const begun = await database.write((db) =>
    db
      .updateTable('notices')
      .set({ begun_at: serverNow() })
      .where('id', '=', id)
      .where('due_at', 'is not', null)
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('notice_targets')
            .select('notice_targets.name')
            .whereRef('notice_targets.name', '=', 'notices.target')
            .where('notice_targets.holder', '=', holder),
        ),
      )
      .returning('id')
      .executeTakeFirst(),
  );
  return begun !== undefined;
}

/** Records that a target has accepted a notice, even if it was dropped in the meantime. */
export async function noteNoticeSent(database: Database, id: number): Promise<void> {
  const sent = { sent_at: serverNow(), begun_at: null, due_at: null, dropped: null, ...noError };
  await database.write((db) => db.updateTable('notices').set(sent).where('id', '=', id).execute());
}

/**
 * Records that a notice could not be sent.
 * @param dueAt when it is tried again
 * @param mayHaveArrived whether the outcome is not known
 */
export async function noteNoticeFailed(
  database: Database,
  { id, attempts }: Pick<DueNotice, 'id' | 'attempts'>,
  { dueAt, problem, mayHaveArrived }: { dueAt: number; problem: Problem; mayHaveArrived: boolean },
): Promise<void> {
  const tried = { attempts: attempts + 1, ...(!mayHaveArrived && { begun_at: null }), ...errorColumns(problem) };
  await changeWaiting(database, id, { due_at: dueAt, ...tried });
}

/** Records that a notice is not sent any more. @param dropped why */
export async function noteNoticeDropped(
  database: Database,
  id: number,
  { dropped, problem }: { dropped: string; problem?: Problem },
): Promise<void> {
  await changeWaiting(database, id, { due_at: null, dropped, ...(problem && errorColumns(problem)) });
}

/** Lets all notices of a target that wait be tried at a time, at the earliest; a test of the target does not wait. */
export async function postponeNotices(database: Database, target: string, until: number): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('notices')
      .set({ due_at: until })
      .where('target', '=', target)
      .where('due_at', '<', until)
      .where('event', '<>', 'test')
      .execute(),
  );
}

/** Changes a notice that is still to be sent: another one may have dropped it in the meantime. */
async function changeWaiting(
  database: Database,
  id: number,
  columns: Partial<Omit<Selectable<Schema['notices']>, 'id'>>,
): Promise<void> {
  await database.write((db) =>
    db.updateTable('notices').set(columns).where('id', '=', id).where('due_at', 'is not', null).execute(),
  );
}

/**
 * Notices, newest first.
 * @param filter `of`: only those of these targets; `about`: about builds of the repositories that it sees, or about no build; `build`:
 * about this one; `before`: with a lower id
 */
export async function listNotices(
  { db }: { db: Sql },
  {
    target,
    of,
    about = administrator,
    build,
    limit,
    before,
  }: {
    target?: string | undefined;
    of?: readonly string[];
    about?: Reader;
    build?: number | undefined;
    limit: number;
    before?: number | undefined;
  },
): Promise<Notice[]> {
  if (of?.length === 0) return [];
  let query = notices(db, about)
    .where('notices.id', '<', before ?? Number.MAX_SAFE_INTEGER)
    .orderBy('notices.id', 'desc')
    .limit(limit);
  if (target !== undefined) query = query.where('notices.target', '=', target);
  if (build !== undefined) query = query.where('notices.build_id', '=', build);
  if (of !== undefined) query = query.where('notices.target', 'in', of);
  return (await query.execute()).map(noticeOf);
}

/** @param about as in `listNotices` */
export async function findNotice({ db }: { db: Sql }, id: number, about: Reader): Promise<Notice | undefined> {
  const row = await notices(db, about).where('notices.id', '=', id).executeTakeFirst();
  return row && noticeOf(row);
}

function notices(db: Sql, about: Reader) {
  return db
    .selectFrom('notices')
    .leftJoin('builds', 'builds.id', 'notices.build_id')
    .selectAll('notices')
    .select(['builds.repo', 'builds.ref', 'builds.number'])
    .where((eb) => eb.or([eb('notices.build_id', 'is', null), readable(about, 'builds.repo')]));
}

type Row = Selectable<Schema['notices']> & { repo: string | null; ref: string | null; number: number | null };

function noticeOf({ repo, ref, number, build_id: build, ...row }: Row): Notice {
  return {
    ...{ id: String(row.id), target: row.target, recipient: row.recipient, event: row.event, why: row.why },
    about: repo === null || ref === null || number === null ? null : { repo, ref, build: String(build), number },
    dropped: row.dropped,
    state: row.sent_at !== null ? 'sent' : row.due_at !== null ? 'waiting' : 'dropped',
    createdAt: new Date(row.created_at).toISOString(),
    sentAt: row.sent_at === null ? null : new Date(row.sent_at).toISOString(),
    dueAt: row.due_at === null ? null : new Date(row.due_at).toISOString(),
    problem: errorIn(row),
  };
}
