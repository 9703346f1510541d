import { isMailAddress } from '../kernel/mail-address.ts';
import type { NoticeTarget } from '../kernel/model/notice-shapes.ts';
import { namedRecipients, tellsCommitters } from '../kernel/notices.ts';
import { takeEntries, targetsWithEntries } from '../record/audit-notices.ts';
import { anyChange, type PendingChange, takeChange } from '../record/branch-changes.ts';
import { brokenBranches } from '../record/branch-states.ts';
import type { Database, Write } from '../record/database.ts';
import { addGeneralNotice, addNotice, dropUntrue, type Known, knownToRecipients } from '../record/new-notices.ts';
import { anyDigest, takeDigests } from '../record/notice-digests.ts';
import { droppedFor } from '../record/notice-mutes.ts';
import { findNoticeTarget, listNoticeTargets } from '../record/notice-targets.ts';
import { committerAt } from './committer-mail.ts';
import { type Addressee, type Concerned, follows, hears, muteOf, recipientsOf } from './notice-recipients.ts';

/**
 * Makes the notices of all changes that wait for it, and the digests that are due. Each change and its notices are one transaction.
 */
export async function makeNotices(database: Database, signal: AbortSignal): Promise<void> {
  if (await anyDigest(database)) await database.write(makeDigests);
  if ((await targetsWithEntries(database)).length > 0) await database.write(makeAuditNotices);
  while (!signal.aborted && (await anyChange(database))) {
    await database.write(async (db) => {
      const change = await takeChange(db);
      // another notifier was faster
      if (!change) return;
      for (const target of await listNoticeTargets({ db })) await makeFor(db, target, change);
    });
  }
}

/** A digest is made only for those who follow something that is broken. */
async function makeDigests(db: Write): Promise<void> {
  const broken = await brokenBranches({ db });
  for (const due of await takeDigests(db)) {
    const target = await findNoticeTarget({ db }, due);
    const { name, kind, to, options, mutes } = target;
    const followed = broken.filter((branch) => follows(target, branch));
    for (const recipient of namedRecipients({ kind, to, owners: options.owners }))
      if (followed.some((branch) => !muteOf(mutes, recipient, branch)))
        await addGeneralNotice(db, { target: name, recipient, event: 'digest', why: 'this target has a daily digest' });
  }
}

/** A notice tells of several entries of the audit log; the next one is made when it was sent. */
async function makeAuditNotices(db: Write): Promise<void> {
  for (const due of await targetsWithEntries({ db })) {
    const target = await findNoticeTarget({ db }, due);
    const { name, kind, to, options } = target;
    const entries = await takeEntries(db, target);
    if (!entries) continue;
    for (const recipient of namedRecipients({ kind, to, owners: options.owners }))
      await addGeneralNotice(db, {
        ...{ target: name, recipient, event: 'audit', entries },
        why: 'this target hears of the audit log',
      });
  }
}

async function makeFor(db: Write, target: NoticeTarget, change: PendingChange): Promise<void> {
  if (!hears(target, change)) return;
  const { build, event, since } = change;
  const earlier = event === 'fixed' ? await knownToRecipients(db, target.name, build) : [];
  const recipients = recipientsOf(target, change, await concernedBy(db, target, change, earlier));
  for (const { address: recipient, why, dropped } of recipients) {
    await dropUntrue(db, { target: target.name, recipient }, change);
    const known = earlier.find((each) => each.recipient === recipient);
    const muted = muteOf(target.mutes, recipient, build);
    const isNews = !known?.isWaiting || known.isBroken;
    await addNotice(db, {
      ...{ target: target.name, recipient, build: build.id, event, since, why },
      dropped:
        dropped ??
        (muted && droppedFor(muted)) ??
        (isNews ? undefined : 'the recipient had not been told yet that the branch was broken'),
    });
  }
}

/** The committers whom a change concerns, if the target tells committers. */
async function concernedBy(
  db: Write,
  target: NoticeTarget,
  { build: { repo, author_address }, event }: PendingChange,
  earlier: readonly Known[],
): Promise<Concerned> {
  if (!tellsCommitters(target)) return { author: undefined, informed: [] };
  const author = isMailAddress(author_address) ? await committerAt(db, target, repo, author_address) : undefined;
  const others = namedRecipients({ ...target, owners: target.options.owners });
  const informed: Addressee[] = [];
  for (const { recipient, isBroken, isWaiting } of event === 'fixed' ? earlier : []) {
    if (!isBroken && !isWaiting) continue;
    const isNamed = others.includes(recipient);
    const { dropped } = isNamed ? {} : await committerAt(db, target, repo, recipient);
    informed.push({ address: recipient, dropped });
  }
  return { author, informed };
}
