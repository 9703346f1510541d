import { type Expression, sql } from 'kysely';
import type { Database } from './database.ts';

/** The runners and the jobs for them at one moment. */
export interface FleetMoment {
  /** milliseconds since 1970 */
  at: number;
  /** jobs that are queued */
  waiting: number;
  /** slots that run a job */
  busy: number;
  slots: number;
}

const minute = 60_000;
/** Milliseconds for which minutes are kept: a day, and some time for the beginning of the longest chart. */
const keptFor = 25 * 60 * minute;

/**
 * Adds a measurement to its minute: the most jobs that waited, the mean of the busy slots, the most slots. There is a row for each
 * minute of a day at most. Several stages may measure the same minute.
 */
export async function addFleetMoment(database: Database, { at, waiting, busy, slots }: FleetMoment): Promise<void> {
  const start = Math.floor(at / minute) * minute;
  const larger = (known: Expression<number>, value: number) =>
    sql<number>`case when ${known} > ${value} then ${known} else ${value} end`;
  await database.write(async (db) => {
    const added = await db
      .insertInto('fleet_minutes')
      .values({ at: start, measurements: 1, waiting, busy, slots })
      .onConflict((conflict) =>
        conflict.column('at').doUpdateSet((eb) => ({
          measurements: eb('fleet_minutes.measurements', '+', 1),
          waiting: larger(eb.ref('fleet_minutes.waiting'), waiting),
          busy: eb('fleet_minutes.busy', '+', busy),
          slots: larger(eb.ref('fleet_minutes.slots'), slots),
        })),
      )
      .returning('measurements')
      .executeTakeFirstOrThrow();
    if (Number(added.measurements) === 1)
      await db
        .deleteFrom('fleet_minutes')
        .where('at', '<', start - keptFor)
        .execute();
  });
}

/** The measured minutes from then on, oldest first; `busy` is a mean. @param since milliseconds since 1970 */
export async function fleetMinutes(database: Database, since: number): Promise<FleetMoment[]> {
  const rows = await database.db
    .selectFrom('fleet_minutes')
    .selectAll()
    .where('at', '>=', since)
    .orderBy('at')
    .execute();
  return rows.map(({ at, measurements, waiting, busy, slots }) => ({ at, waiting, busy: busy / measurements, slots }));
}
