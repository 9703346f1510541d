import { type GeneralEvent, isGeneral, type NoticeEvent, verdictOf } from '../kernel/notices.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { PendingChange } from './branch-changes.ts';
import type { Write } from './database.ts';

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
  if (last && !isGeneral(last.event) && verdictOf[last.event] === verdictOf[event]) return;
  const now = serverNow();
  await db
    .insertInto('notices')
    .values({
      ...{ target, recipient, build_id: build, event, since, why, created_at: now, attempts: 0 },
      ...(dropped === undefined ? { due_at: dueAt ?? now } : { due_at: null, dropped }),
    })
    .execute();
}

/** Events that say that a branch is broken. */
const broken: readonly NoticeEvent[] = ['broken', 'still_broken', 'failing'];

/** What somebody knows of a branch by earlier notices. */
export interface Known {
  recipient: string;
  /** whether the last notice that has arrived, or may have, says that the branch is broken */
  isBroken: boolean;
  /** whether a notice that says so is still to be sent */
  isWaiting: boolean;
}

/** What the recipients of a target know of a branch. @param build the newest that counts */
export async function knownToRecipients(
  db: Write,
  target: string,
  { repo, ref, series, id }: PendingChange['build'],
): Promise<Known[]> {
  const rows = await db
    .selectFrom('notices')
    .innerJoin('builds', 'builds.id', 'notices.build_id')
    .select(['recipient', 'notices.event', 'sent_at', 'begun_at', 'due_at'])
    .where('notices.target', '=', target)
    .where('builds.repo', '=', repo)
    .where('builds.ref', '=', ref)
    .where('builds.series', '=', series)
    .where('builds.id', '<=', id)
    .where('notices.event', 'in', [...broken, 'fixed'])
    .orderBy('notices.id')
    .execute();
  const recipients = new Map<string, Known>();
  for (const { recipient, event, sent_at, begun_at, due_at } of rows) {
    const known = recipients.get(recipient) ?? { recipient, isBroken: false, isWaiting: false };
    recipients.set(recipient, known);
    if (event === 'fixed') {
      if (sent_at !== null) known.isBroken = false;
      continue;
    }
    if (sent_at !== null || begun_at !== null) known.isBroken = true;
    if (due_at !== null) known.isWaiting = true;
  }
  return [...recipients.values()];
}

/**
 * Drops what a recipient is still to hear of a branch, and what a newer event makes untrue: that it is broken where it works again, and
 * that it works again where it is broken.
 */
export async function dropUntrue(
  db: Write,
  { target, recipient }: Pick<NewNotice, 'target' | 'recipient'>,
  { build: { repo, ref, series, id }, event }: Pick<PendingChange, 'build' | 'event'>,
): Promise<void> {
  const isFixed = event === 'fixed';
  if (!isFixed && !broken.includes(event)) return;
  await db
    .updateTable('notices')
    .set({ due_at: null, dropped: `the branch ${isFixed ? 'worked' : 'broke'} again before it was sent` })
    .where('target', '=', target)
    .where('recipient', '=', recipient)
    .where('due_at', 'is not', null)
    .where('event', 'in', isFixed ? broken : ['fixed'])
    .where('build_id', 'in', (eb) =>
      eb
        .selectFrom('builds')
        .select('builds.id')
        .where('repo', '=', repo)
        .where('ref', '=', ref)
        .where('series', '=', series)
        .where('id', '<=', id),
    )
    .execute();
}

/** Milliseconds for which a notice is kept that is about no build, with which it would be deleted: 30 days. */
const keptFor = 30 * 86_400_000;

interface GeneralNotice extends Pick<NewNotice, 'target' | 'recipient' | 'why'> {
  event: GeneralEvent;
  /** of the audit log: the ids of the first and the last one that it tells of */
  entries?: { first: number; last: number };
}

/**
 * Makes a notice that is about no single build: one that only shows whether the target takes it, or one of what is still broken.
 * @param notice.recipient see NewNotice
 * @returns its id
 */
export async function addGeneralNotice(
  db: Write,
  { target, recipient, event, why, entries }: GeneralNotice,
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
      ...{ audit_first: entries?.first ?? null, audit_last: entries?.last ?? null },
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
