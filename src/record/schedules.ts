import { serverNow } from '../kernel/server-time.ts';
import type { Database, Write } from './database.ts';
import { rowBatches } from './row-batches.ts';

/** A schedule of a workflow on a repository's default branch. */
export interface ScheduleEntry {
  /** path of the workflow's file */
  workflow: string;
  cron: string;
  /** null for UTC */
  timezone: string | null;
}

export interface DueSchedule extends ScheduleEntry {
  repo: string;
  host: string | null;
  nextAt: number;
}

/** A schedule of a plan, with its first time (ms since 1970); null for never. */
export interface NewSchedule extends ScheduleEntry {
  nextAt: number | null;
}

/** Sets the schedules of a repository; a schedule that it already had keeps its next time. */
export async function setSchedules(db: Write, repo: string, entries: readonly NewSchedule[]): Promise<void> {
  const known = await db.selectFrom('schedules').selectAll().where('repo', '=', repo).execute();
  const times = new Map(known.map((row) => [nameOf(row), row.next_at]));
  const wanted = new Map<string, { repo: string; next_at: number } & ScheduleEntry>();
  for (const { nextAt, ...entry } of entries) {
    const next_at = times.get(nameOf(entry)) ?? nextAt;
    if (next_at !== null) wanted.set(nameOf(entry), { repo, ...entry, next_at });
  }
  if (wanted.size === times.size && [...wanted.keys()].every((name) => times.has(name))) return;
  await db.deleteFrom('schedules').where('repo', '=', repo).execute();
  for (const rows of rowBatches([...wanted.values()])) {
    await db
      .insertInto('schedules')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

function nameOf({ workflow, cron, timezone }: ScheduleEntry): string {
  return JSON.stringify([workflow, cron, timezone]);
}

/** Due schedules of observed repositories. */
export async function dueSchedules(database: Database, now: number): Promise<DueSchedule[]> {
  const rows = await database.db
    .selectFrom('schedules')
    .innerJoin('repositories', 'repositories.name', 'schedules.repo')
    .select(['repo', 'host', 'workflow', 'cron', 'timezone', 'next_at'])
    .where('next_at', '<=', now)
    .where('removed_at', 'is', null)
    .limit(100)
    .execute();
  return rows.map(({ next_at: nextAt, ...row }) => ({ ...row, nextAt }));
}

/**
 * Moves a schedule to its next time and requests a build, all or nothing.
 * @param next null if it never runs again
 * @param event as JSON
 * @returns false if another dispatcher has done it
 */
export async function runSchedule(
  database: Database,
  due: DueSchedule,
  next: number | null,
  event: object,
): Promise<boolean> {
  return database.write(async (db) => {
    const { repo, workflow, cron, nextAt } = due;
    const moved = await db
      .updateTable('schedules')
      .set({ next_at: next ?? Number.MAX_SAFE_INTEGER })
      .where('repo', '=', repo)
      .where('workflow', '=', workflow)
      .where('cron', '=', cron)
      .where('next_at', '=', nextAt)
      .returning('repo')
      .executeTakeFirst();
    if (!moved) return false;
    await db
      .insertInto('intents')
      .values({ kind: 'trigger', repo, event: JSON.stringify(event), created_at: serverNow() })
      .execute();
    return true;
  });
}

/** The schedules of a repository; `nextAt` is null for a schedule that never runs again. */
export async function schedulesOf(
  database: Database,
  repo: string,
): Promise<(ScheduleEntry & { nextAt: number | null })[]> {
  const rows = await database.db
    .selectFrom('schedules')
    .select(['workflow', 'cron', 'timezone', 'next_at'])
    .where('repo', '=', repo)
    .orderBy('next_at')
    .execute();
  return rows.map(({ next_at: nextAt, ...entry }) => ({
    ...entry,
    nextAt: nextAt === Number.MAX_SAFE_INTEGER ? null : nextAt,
  }));
}
