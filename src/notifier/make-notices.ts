import { isBetween, untilTime } from '../kernel/daily-times.ts';
import type { NoticeOptions, NoticeTarget } from '../kernel/model/notice-shapes.ts';
import { namedRecipients } from '../kernel/notices.ts';
import { serverNow } from '../kernel/server-time.ts';
import { anyChange, type PendingChange, takeChange } from '../record/branch-changes.ts';
import { brokenBranches } from '../record/branch-states.ts';
import type { Database, Write } from '../record/database.ts';
import { addGeneralNotice, addNotice, dropBroken, toldBroken } from '../record/new-notices.ts';
import { anyDigest, listNoticeTargets, takeDigests } from '../record/notice-targets.ts';
import { follows, hears, recipientsOf } from './notice-recipients.ts';

/**
 * Makes the notices of all changes that wait for it, and the digests that are due. Each change and its notices are one transaction.
 */
export async function makeNotices(database: Database, signal: AbortSignal): Promise<void> {
  if (await anyDigest(database)) await database.write(makeDigests);
  while (!signal.aborted && (await anyChange(database))) {
    await database.write(async (db) => {
      const change = await takeChange(db);
      // another notifier was faster
      if (!change) return;
      for (const target of await listNoticeTargets({ db })) await makeFor(db, target, change);
    });
  }
}

/** A digest is made only where something is broken. */
async function makeDigests(db: Write): Promise<void> {
  const broken = await brokenBranches({ db });
  for (const target of await takeDigests(db)) {
    if (!broken.some((branch) => follows(target, branch))) continue;
    const { name, kind, to, options } = target;
    for (const recipient of namedRecipients({ kind, to, owners: options.owners }))
      await addGeneralNotice(db, { target: name, recipient, event: 'digest', why: 'this target has a daily digest' });
  }
}

async function makeFor(db: Write, target: NoticeTarget, change: PendingChange): Promise<void> {
  if (!hears(target, change)) return;
  const { build, event, since } = change;
  const earlier = event === 'fixed' ? await toldBroken(db, target.name, change) : [];
  const recipients = recipientsOf(target, change, {
    told: earlier.filter(({ isSent, isWaiting }) => isSent || isWaiting).map(({ recipient }) => recipient),
    isKnown: (address) => isInDomains(address, target.options.domains ?? []),
  });
  for (const { address: recipient, why, dropped } of recipients) {
    const before = earlier.find((each) => each.recipient === recipient);
    const isNews = !before?.isWaiting || before.isSent;
    if (before?.isWaiting) await dropBroken(db, { target: target.name, recipient }, change);
    await addNotice(db, {
      ...{ target: target.name, recipient, build: build.id, event, since, why },
      dueAt: afterQuiet(target.options),
      dropped: isNews ? dropped : 'the recipient had not been told yet that the branch was broken',
    });
  }
}

/** When a target is sent something at the earliest; undefined for now. */
function afterQuiet({ quiet, zone = 'UTC' }: NoticeOptions): number | undefined {
  const now = serverNow();
  if (!quiet || !isBetween({ ...quiet, zone }, now)) return undefined;
  return now + untilTime({ at: quiet.to, zone }, now);
}

function isInDomains(address: string, domains: readonly string[]): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return domains.includes(domain);
}
