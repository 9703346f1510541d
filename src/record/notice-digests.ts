import { untilTime } from '../kernel/daily-times.ts';
import type { NoticeOptions } from '../kernel/model/notice-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Write } from './database.ts';

/** When a target is to be told next what is still broken, after a time. */
export function nextDigest({ digest, zone = 'UTC' }: NoticeOptions, after: number): number | null {
  if (digest === undefined) return null;
  // not again within the minute that it is
  const from = after + 60_000;
  return from + untilTime({ at: digest, zone }, from);
}

/**
 * Takes the digests that are due: whoever takes them makes their notices in the same transaction.
 * @returns names of the targets
 */
export async function takeDigests(db: Write): Promise<string[]> {
  const now = serverNow();
  const due = db.selectFrom('notice_targets').select(['name', 'options']).where('digest_at', '<=', now);
  const rows = await due.orderBy('name').execute();
  for (const { name, options } of rows) {
    const next = nextDigest(JSON.parse(options) as NoticeOptions, now);
    await db.updateTable('notice_targets').set({ digest_at: next }).where('name', '=', name).execute();
  }
  return rows.map(({ name }) => name);
}

export async function anyDigest({ db }: Pick<Database, 'db'>): Promise<boolean> {
  const due = db.selectFrom('notice_targets').select('name').where('digest_at', '<=', serverNow());
  return (await due.limit(1).executeTakeFirst()) !== undefined;
}
