import type { Selectable } from 'kysely';
import type { Notice } from '../kernel/model/notice-shapes.ts';
import { type NoticeEvent, verdictOf } from '../kernel/notices.ts';
import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import { type BranchChange, moveBranch } from './branch-states.ts';
import type { Database, Sql, Write } from './database.ts';
import { anyNoticeTarget } from './notice-targets.ts';
import type { Schema } from './schema.ts';

/**
 * What people hear of builds. The end of a build leaves a change of its branch, in the transaction that ends it; a notifier makes
 * notices of the change, one for each target and recipient, and sends them, see notifier/.
 */

/** A build has ended. */
export async function noteBranchChange(db: Write, build: Selectable<Schema['builds']>): Promise<void> {
  const change = await moveBranch(db, build);
  if (!change || !(await anyNoticeTarget({ db }))) return;
  const { event, isChange, since } = change;
  await db
    .insertInto('branch_changes')
    .values({ build_id: build.id, event, is_change: isChange ? 1 : 0, since })
    .execute();
}

/** A change of a branch of which notices are to be made. */
export interface PendingChange extends BranchChange {
  build: Selectable<Schema['builds']>;
  defaultBranch: string | null;
}

/** Whether changes wait for their notices. */
export async function anyChange({ db }: Pick<Database, 'db'>): Promise<boolean> {
  return (await db.selectFrom('branch_changes').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** Takes the earliest change out of the list: whoever takes it makes its notices in the same transaction. */
export async function takeChange(db: Write): Promise<PendingChange | undefined> {
  const taken = await db
    .deleteFrom('branch_changes')
    .where('id', '=', (eb) => eb.selectFrom('branch_changes').select((each) => each.fn.min('id').as('id')))
    .returningAll()
    .executeTakeFirst();
  if (!taken) return undefined;
  const { default_branch, ...build } = await db
    .selectFrom('builds')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .selectAll('builds')
    .select('repositories.default_branch')
    .where('builds.id', '=', taken.build_id)
    .executeTakeFirstOrThrow();
  const { event, is_change, since } = taken;
  return { build, event, isChange: is_change === 1, since, defaultBranch: default_branch };
}

/** A notice to be made. */
export interface NewNotice {
  target: string;
  /** mail address; empty where the target is the only recipient */
  recipient: string;
  build: number;
  event: NoticeEvent;
  since: number | null;
  /** why the recipient gets it */
  why: string;
  /** why it is not sent */
  dropped?: string | undefined;
  /** when it is sent at the earliest (ms since 1970); now by default */
  dueAt?: number | undefined;
}

/** Makes a notice. If a build is retried, and ends as before, its recipients do not hear of it again. */
export async function addNotice(
  db: Write,
  { target, recipient, build, event, since, why, dropped, dueAt }: NewNotice,
): Promise<void> {
  const last = await db
    .selectFrom('notices')
    .select('event')
    .where('build_id', '=', build)
    .where('target', '=', target)
    .where('recipient', '=', recipient)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last && last.event !== 'test' && last.event !== 'digest' && verdictOf[last.event] === verdictOf[event]) return;
  const now = serverNow();
  await db
    .insertInto('notices')
    .values({
      ...{ target, recipient, build_id: build, event, since, why, created_at: now, attempts: 0 },
      ...(dropped === undefined ? { due_at: dueAt ?? now } : { due_at: null, dropped }),
    })
    .execute();
}

/** Recipients of a target who were to hear that a branch is broken, and whether they did. */
export async function toldBroken(
  db: Write,
  target: string,
  { build: { repo, ref, id }, since }: Pick<PendingChange, 'build' | 'since'>,
): Promise<{ recipient: string; isSent: boolean; isWaiting: boolean }[]> {
  const rows = await db
    .selectFrom('notices')
    .innerJoin('builds', 'builds.id', 'notices.build_id')
    .select(['notices.recipient', 'notices.sent_at', 'notices.due_at'])
    .where('notices.target', '=', target)
    .where('builds.repo', '=', repo)
    .where('builds.ref', '=', ref)
    .where('builds.id', '>=', since ?? id)
    .where('builds.id', '<=', id)
    .where('notices.event', 'in', ['broken', 'still_broken', 'failing'])
    .orderBy('notices.id')
    .execute();
  const recipients = new Map<string, { isSent: boolean; isWaiting: boolean }>();
  for (const { recipient, sent_at, due_at } of rows) {
    const before = recipients.get(recipient);
    recipients.set(recipient, {
      isSent: sent_at !== null || before?.isSent === true,
      isWaiting: due_at !== null || before?.isWaiting === true,
    });
  }
  return [...recipients].map(([recipient, state]) => ({ recipient, ...state }));
}

/** Drops the notices of a recipient that a branch is broken, which are not sent yet: it works again. */
export async function dropBroken(
  db: Write,
  { target, recipient }: Pick<NewNotice, 'target' | 'recipient'>,
  { build: { repo, ref, id }, since }: Pick<PendingChange, 'build' | 'since'>,
): Promise<void> {
  await db
    .updateTable('notices')
    .set({ due_at: null, dropped: 'the branch worked again before it was sent' })
    .where('target', '=', target)
    .where('recipient', '=', recipient)
    .where('due_at', 'is not', null)
    .where('event', 'in', ['broken', 'still_broken', 'failing'])
    .where('build_id', 'in', (eb) =>
      eb
        .selectFrom('builds')
        .select('builds.id')
        .where('repo', '=', repo)
        .where('ref', '=', ref)
        .where('id', '>=', since ?? id)
        .where('id', '<=', id),
    )
    .execute();
}

/** Milliseconds for which a notice is kept that is about no build, with which it would be deleted: 30 days. */
const keptFor = 30 * 86_400_000;

/**
 * Makes a notice that is about no single build: one that only shows whether the target takes it, or one of what is still broken.
 * @param notice.recipient see NewNotice
 * @returns its id
 */
export async function addGeneralNotice(
  db: Write,
  { target, recipient, event, why }: Pick<NewNotice, 'target' | 'recipient' | 'why'> & { event: 'test' | 'digest' },
): Promise<number> {
  const now = serverNow();
  await db
    .deleteFrom('notices')
    .where('target', '=', target)
    .where('build_id', 'is', null)
    .where('due_at', 'is', null)
    .where('created_at', '<', now - keptFor)
    .execute();
  const { id } = await db
    .insertInto('notices')
    .values({
      ...{ target, recipient, build_id: null, event, since: null, why },
      ...{ created_at: now, due_at: now, attempts: 0 },
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** A notice that is due. */
export interface DueNotice {
  id: number;
  recipient: string;
  /** null for a test and a digest */
  build: number | null;
  event: NoticeEvent | 'test' | 'digest';
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
  const { id, recipient, build_id, event, since, why, attempts, created_at } = row;
  return { id, recipient, build: build_id, event, since, why, attempts, createdAt: created_at };
}

/** Records that a target has accepted a notice. */
export async function noteNoticeSent(database: Database, id: number): Promise<void> {
  await change(database, id, { sent_at: serverNow(), due_at: null, ...noError });
}

/** Records that a notice could not be sent. @param dueAt when it is tried again */
export async function noteNoticeFailed(
  database: Database,
  { id, attempts }: Pick<DueNotice, 'id' | 'attempts'>,
  { dueAt, problem }: { dueAt: number; problem: Problem },
): Promise<void> {
  await change(database, id, { due_at: dueAt, attempts: attempts + 1, ...columnsOf(problem) });
}

/** Records that a notice is not sent any more. @param dropped why */
export async function noteNoticeDropped(
  database: Database,
  id: number,
  { dropped, problem }: { dropped: string; problem?: Problem },
): Promise<void> {
  await change(database, id, { due_at: null, dropped, ...(problem && columnsOf(problem)) });
}

/** Lets all notices of a target that wait be tried at a time, at the earliest. */
export async function postponeNotices(database: Database, target: string, until: number): Promise<void> {
  await database.write((db) =>
    db.updateTable('notices').set({ due_at: until }).where('target', '=', target).where('due_at', '<', until).execute(),
  );
}

async function change(
  database: Database,
  id: number,
  columns: Partial<Omit<Selectable<Schema['notices']>, 'id'>>,
): Promise<void> {
  await database.write((db) => db.updateTable('notices').set(columns).where('id', '=', id).execute());
}

/** Notices, newest first. @param filter.before only those with a lower id */
export async function listNotices(
  { db }: { db: Sql },
  { target, limit, before }: { target?: string | undefined; limit: number; before?: number | undefined },
): Promise<Notice[]> {
  const newest = notices(db)
    .where('notices.id', '<', before ?? Number.MAX_SAFE_INTEGER)
    .orderBy('notices.id', 'desc')
    .limit(limit);
  const rows = target === undefined ? newest : newest.where('notices.target', '=', target);
  return (await rows.execute()).map(noticeOf);
}

export async function findNotice({ db }: { db: Sql }, id: number): Promise<Notice | undefined> {
  const row = await notices(db).where('notices.id', '=', id).executeTakeFirst();
  return row && noticeOf(row);
}

function notices(db: Sql) {
  return db
    .selectFrom('notices')
    .leftJoin('builds', 'builds.id', 'notices.build_id')
    .selectAll('notices')
    .select(['builds.repo', 'builds.ref', 'builds.number']);
}

type Row = Selectable<Schema['notices']> & { repo: string | null; ref: string | null; number: number | null };

function noticeOf({ repo, ref, number, build_id: build, error_code: code, ...row }: Row): Notice {
  return {
    ...{ id: String(row.id), target: row.target, recipient: row.recipient, event: row.event, why: row.why },
    about: repo === null || ref === null || number === null ? null : { repo, ref, build: String(build), number },
    dropped: row.dropped,
    state: row.sent_at !== null ? 'sent' : row.due_at !== null ? 'waiting' : 'dropped',
    createdAt: new Date(row.created_at).toISOString(),
    sentAt: row.sent_at === null ? null : new Date(row.sent_at).toISOString(),
    problem: code === null ? null : { code, message: row.error_message ?? '', remedy: row.error_remedy ?? '' },
  };
}

const noError = { error_code: null, error_message: null, error_remedy: null };

function columnsOf({ code, message, remedy }: Problem) {
  return { error_code: code, error_message: message, error_remedy: remedy };
}
