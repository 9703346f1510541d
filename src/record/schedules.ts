import type { Record } from './record.ts';

/** A time at which a workflow of a repository's default branch runs. */
export interface ScheduleEntry {
  /** path of the workflow's file */
  workflow: string;
  cron: string;
  /** UTC where it is null */
  timezone: string | null;
}

export interface DueSchedule extends ScheduleEntry {
  repo: string;
  host: string | null;
  nextAt: number;
}

/**
 * Sets the schedules of a repository; one that it had before keeps its next time.
 * @param nextAt when an entry that is new runs for the first time (ms since 1970), null for never
 */
export async function setSchedules(
  record: Record,
  repo: string,
  entries: readonly ScheduleEntry[],
  nextAt: (entry: ScheduleEntry) => number | null,
): Promise<void> {
  const known = await record.db.selectFrom('schedules').selectAll().where('repo', '=', repo).execute();
  const stays = known.length === entries.length && known.every((row) => entries.some((entry) => isSame(row, entry)));
  if (stays) return;
  const rows = entries.flatMap((entry) => {
    const next_at = known.find((row) => isSame(row, entry))?.next_at ?? nextAt(entry);
    return next_at === null ? [] : [{ repo, ...entry, next_at }];
  });
  await record.write(async (db) => {
    await db.deleteFrom('schedules').where('repo', '=', repo).execute();
    if (rows.length === 0) return;
    await db
      .insertInto('schedules')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

function isSame(one: ScheduleEntry, other: ScheduleEntry): boolean {
  return one.workflow === other.workflow && one.cron === other.cron && one.timezone === other.timezone;
}

/** Schedules whose time has come, of repositories that are observed. */
export async function dueSchedules(record: Record, now: number): Promise<DueSchedule[]> {
  const rows = await record.db
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
 * Moves a schedule to its next time and asks for a build, all or nothing.
 * @param next null where it never comes again
 * @param event as JSON
 * @returns false where another dispatcher has done it
 */
export async function runSchedule(
  record: Record,
  due: DueSchedule,
  next: number | null,
  event: object,
): Promise<boolean> {
  return record.write(async (db) => {
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
      .values({ kind: 'trigger', repo, event: JSON.stringify(event), created_at: Date.now() })
      .execute();
    return true;
  });
}

/** The schedules of a repository; `nextAt` is null for one that never comes again. */
export async function schedulesOf(
  record: Record,
  repo: string,
): Promise<(ScheduleEntry & { nextAt: number | null })[]> {
  const rows = await record.db
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
