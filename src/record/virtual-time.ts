import { sql } from 'kysely';
import type { Status } from '../kernel/model.ts';
import type { Record, Write } from './record.ts';

/** What is kept for sharing runners fairly between repositories, see dispatcher/fairness.ts. */

/** Row of `meta`. */
const originKey = 'priority_origin';

/**
 * The virtual time: the largest start tag that is being served, or the smallest that waits, or the largest finish tag
 * there is when all is quiet. Each is one look at the end of an index.
 */
export async function virtualTime(db: Record['db'] | Write): Promise<number> {
  const running = await tagOf(db, 'running', 'max');
  if (running !== null) return running;
  const waiting = [await tagOf(db, 'queued', 'min'), await tagOf(db, 'waiting', 'min')].filter((tag) => tag !== null);
  if (waiting.length > 0) return Math.min(...waiting);
  const last = await db
    .selectFrom('repositories')
    .select((eb) => eb.fn.max('virtual_finish').as('tag'))
    .executeTakeFirst();
  return last?.tag ?? 0;
}

async function tagOf(db: Record['db'] | Write, status: Status, end: 'min' | 'max'): Promise<number | null> {
  const row = await db
    .selectFrom('jobs')
    .select((eb) => eb.fn[end]('virtual_start').as('tag'))
    .where('finished_at', 'is', null)
    .where('status', '=', status)
    .executeTakeFirst();
  return row?.tag ?? null;
}

export async function virtualFinish(db: Write, repo: string): Promise<number> {
  const row = await db.selectFrom('repositories').select('virtual_finish').where('name', '=', repo).executeTakeFirst();
  return row?.virtual_finish ?? 0;
}

export async function setVirtualFinish(db: Write, repo: string, finish: number): Promise<void> {
  await db.updateTable('repositories').set({ virtual_finish: finish }).where('name', '=', repo).execute();
}

/** The start tag from which the priorities of messages are counted. */
export async function priorityOrigin(record: Record): Promise<number> {
  const row = await record.db.selectFrom('meta').select('value').where('key', '=', originKey).executeTakeFirst();
  return row === undefined ? 0 : Number(row.value);
}

/** Counts priorities from another start tag, unless somebody else has moved the origin meanwhile. */
export async function movePriorityOrigin(record: Record, from: number, to: number): Promise<void> {
  await record.write((db) =>
    db
      .insertInto('meta')
      .values({ key: originKey, value: String(to) })
      .onConflict((conflict) =>
        conflict
          .column('key')
          .doUpdateSet({ value: String(to) })
          .where(sql<string>`meta.value`, '=', String(from)),
      )
      .execute(),
  );
}
