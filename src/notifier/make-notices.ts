import type { NoticeTarget } from '../kernel/model/notice-shapes.ts';
import type { Database, Write } from '../record/database.ts';
import { listNoticeTargets } from '../record/notice-targets.ts';
import { addNotice, anyChange, dropBroken, type PendingChange, takeChange, toldBroken } from '../record/notices.ts';
import { hears, recipientsOf } from './notice-recipients.ts';

/** Makes the notices of all changes that wait for it. Each change and its notices are one transaction. */
export async function makeNotices(database: Database, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await anyChange(database))) {
    await database.write(async (db) => {
      const change = await takeChange(db);
      // another notifier was faster
      if (!change) return;
      for (const target of await listNoticeTargets({ db })) await makeFor(db, target, change);
    });
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
      dropped: isNews ? dropped : 'the recipient had not been told yet that the branch was broken',
    });
  }
}

function isInDomains(address: string, domains: readonly string[]): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return domains.includes(domain);
}
