import { serverNow } from '../kernel/server-time.ts';
import type { Database } from './database.ts';

/** What notifiers deliver to. */
export type Deliverable = 'forges' | 'notice_targets';

/**
 * Makes one notifier the only one that delivers to a forge or to a target of notices, so that what is sent stays in order, and limits
 * are kept.
 * @param ms how long, unless it is claimed again
 * @returns whether the holder has it now
 */
export async function hold(
  database: Database,
  table: Deliverable,
  name: string,
  { holder, ms }: { holder: string; ms: number },
): Promise<boolean> {
  const now = serverNow();
  return database.write(async (db) => {
    const held = await db
      .updateTable(table)
      .set({ holder, held_until: now + ms })
      .where('name', '=', name)
      // a clock that was set back must not keep others away
      .where((eb) =>
        eb.or([
          eb('holder', 'is', null),
          eb('holder', '=', holder),
          eb('held_until', '<=', now),
          eb('held_until', '>', now + 10 * ms),
        ]),
      )
      .returning('name')
      .executeTakeFirst();
    return held !== undefined;
  });
}

/** Ids of the notifiers that have a target of notices for themselves now, besides one's own. */
export async function otherHolders({ db }: Pick<Database, 'db'>, own: string): Promise<string[]> {
  const rows = await db
    .selectFrom('notice_targets')
    .select('holder')
    .distinct()
    .where('holder', '<>', own)
    .where('held_until', '>', serverNow())
    .execute();
  return rows.flatMap(({ holder }) => holder ?? []);
}

/**
 * Lets other notifiers deliver to the targets that a holder has, but for those to which it may be sending: `noteNoticeBegun` has
 * recorded that, and refuses from now on. So no two send to one target, even if the holder is alive.
 */
export async function releaseIdleTargets(database: Database, holder: string): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('notice_targets')
      .set({ holder: null, held_until: null })
      .where('holder', '=', holder)
      .where(({ exists, not, selectFrom }) =>
        not(
          exists(
            selectFrom('notices')
              .select('notices.id')
              .whereRef('notices.target', '=', 'notice_targets.name')
              .where('notices.begun_at', 'is not', null)
              .where('notices.due_at', 'is not', null),
          ),
        ),
      )
      .execute(),
  );
}

/** Lets other notifiers deliver to all that the holder has. */
export async function releaseHolds(database: Database, holder: string): Promise<void> {
  await database.write(async (db) => {
    for (const table of ['forges', 'notice_targets'] as const)
      await db.updateTable(table).set({ holder: null, held_until: null }).where('holder', '=', holder).execute();
  });
}
