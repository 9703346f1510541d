import type { Database } from './database.ts';

/**
 * Sessions that were signed out of. A session needs no row while it lasts, see web/access/guard.ts; one that has ended
 * before its time is kept until that, lest a copy of its cookie goes on.
 */

/** @param until milliseconds since 1970, when the session would have ended by itself */
export async function endSession(database: Database, id: string, until: number): Promise<void> {
  await database.write(async (db) => {
    await db.deleteFrom('ended_sessions').where('until', '<', Date.now()).execute();
    await db
      .insertInto('ended_sessions')
      .values({ id, until })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  });
}

/** Stands for all sessions of the main token, whose row says until when the last of them would have lasted. */
const ofOwner = 'owner';

/** Ends all sessions that have begun with the main token. @param until when one that begins now would end, milliseconds */
export async function endOwnerSessions(database: Database, until: number): Promise<void> {
  await database.write((db) =>
    db
      .insertInto('ended_sessions')
      .values({ id: ofOwner, until })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ until }))
      .execute(),
  );
}

/** @param session `isOwner` whether it has begun with the main token */
export async function isEnded(
  database: Database,
  { id, until, isOwner }: { id: string; until: number; isOwner: boolean },
): Promise<boolean> {
  const ids = isOwner ? [id, ofOwner] : [id];
  const rows = await database.db.selectFrom('ended_sessions').selectAll().where('id', 'in', ids).execute();
  return rows.some((row) => row.id === id || row.until >= until);
}
