import type { Record } from './record.ts';

/**
 * Sessions that were signed out of. A session needs no row while it lasts, see web/access/guard.ts; one that has ended
 * before its time is kept until that, lest a copy of its cookie goes on.
 */

/** @param until milliseconds since 1970, when the session would have ended by itself */
export async function endSession(record: Record, id: string, until: number): Promise<void> {
  await record.write(async (db) => {
    await db.deleteFrom('ended_sessions').where('until', '<', Date.now()).execute();
    await db
      .insertInto('ended_sessions')
      .values({ id, until })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  });
}

export async function isEnded(record: Record, id: string): Promise<boolean> {
  return (
    (await record.db.selectFrom('ended_sessions').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
  );
}
