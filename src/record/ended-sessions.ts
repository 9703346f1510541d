import type { Database } from './database.ts';

/**
 * Sessions that were signed out. A session needs no row while it lasts, see web/access/guard.ts. One that was signed out is
 * remembered until it would have expired, so that a copy of its cookie is refused.
 */

/** @param until when the session would have expired, milliseconds since 1970 */
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

/** Id of the row for all sessions of the main token; it says when the last of them would have expired. */
const ofOwner = 'owner';

/** Ends all sessions that were started with the main token. @param until when one that starts now would expire, milliseconds */
export async function endOwnerSessions(database: Database, until: number): Promise<void> {
  await database.write((db) =>
    db
      .insertInto('ended_sessions')
      .values({ id: ofOwner, until })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ until }))
      .execute(),
  );
}

/** @param session `isOwner`: whether it was started with the main token */
export async function isEnded(
  database: Database,
  { id, until, isOwner }: { id: string; until: number; isOwner: boolean },
): Promise<boolean> {
  const ids = isOwner ? [id, ofOwner] : [id];
  const rows = await database.db.selectFrom('ended_sessions').selectAll().where('id', 'in', ids).execute();
  return rows.some((row) => row.id === id || row.until >= until);
}
