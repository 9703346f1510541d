import { type ExpressionBuilder, sql } from 'kysely';
import type { Database, Sql, Write } from './database.ts';
import type { Schema } from './schema.ts';

/** What is kept for sharing runners fairly between repositories, see dispatcher/fairness.ts. */

/**
 * Gives the start tags of jobs of one repository that are being queued.
 * @param jobs the labels that each of them asks for
 */
export type StartTags = (db: Write, repo: string, jobs: readonly string[][]) => Promise<number[]>;

/** A set of labels that jobs ask for, and where its virtual time stands. */
export interface LabelSet {
  labels: string[];
  /** the largest tag that has been started, or where the set has begun anew */
  time: number;
  /** the smallest tag that is queued; null while nobody waits for these labels */
  next: number | null;
}

/** A label set as a repository sees it. */
export interface LabelSetOf extends LabelSet {
  /** how far the repository has planned ahead in it; null where it has not */
  turns: Turns | null;
  /** whether others have */
  hasOthers: boolean;
}

/** How far a repository has planned ahead in the queue of one label set. */
export interface Turns {
  /** the first tag that is free for a job of a build that begins */
  finish: number;
  /** the first tag that is free for a job that a build goes on with */
  beside: number;
}

/** Row of `meta`. */
export const originKey = 'priority_origin';

/** Every label set that has a time, as a repository sees it, and the start tag from which priorities are counted. */
export async function labelSetsOf(db: Write, repo: string): Promise<{ sets: LabelSetOf[]; origin: number }> {
  const rows = await db
    .selectFrom('label_sets')
    .leftJoin('turns', (join) => join.onRef('turns.labels', '=', 'label_sets.labels').on('turns.repo', '=', repo))
    .select((eb) => [
      'label_sets.labels',
      'time',
      'finish',
      'beside',
      firstTurnOf(eb),
      eb
        .exists(
          eb
            .selectFrom('turns as others')
            .select('others.repo')
            .whereRef('others.labels', '=', 'label_sets.labels')
            .where('others.repo', '<>', repo),
        )
        .as('has_others'),
      eb.selectFrom('meta').select('value').where('key', '=', originKey).as('origin'),
    ])
    .execute();
  const [first] = rows;
  return {
    sets: rows.map(({ labels, time, next, finish, beside, has_others }) => ({
      labels: JSON.parse(labels) as string[],
      ...{ time, next },
      turns: finish === null || beside === null ? null : { finish, beside },
      hasOthers: Boolean(has_others),
    })),
    origin: first ? Number(first.origin ?? 0) : await priorityOrigin(db),
  };
}

/** Nobody has planned ahead in the set any more. */
export async function forgetTurns(db: Write, labels: readonly string[]): Promise<void> {
  await db.deleteFrom('turns').where('labels', '=', JSON.stringify(labels)).execute();
}

export async function setTime(db: Write, labels: readonly string[], time: number): Promise<void> {
  await db
    .insertInto('label_sets')
    .values({ labels: JSON.stringify(labels), time })
    .onConflict((conflict) => conflict.column('labels').doUpdateSet({ time }))
    .execute();
}

/** An attempt of a job with this tag has begun: while anybody waits, the time of its labels never falls. */
export async function raiseTime(db: Write, job: { labels: string; virtual_start: number }): Promise<void> {
  await db
    .updateTable('label_sets')
    .set({ time: job.virtual_start })
    .where('labels', '=', job.labels)
    .where('time', '<', job.virtual_start)
    .execute();
}

/**
 * The tag of what goes before all that waits for these labels, also before what came beside and has the tag of a job that was
 * started before it.
 * @param labels as JSON
 * @returns undefined where the label set has no time
 */
export async function firstTag(db: Write, labels: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('label_sets')
    .select((eb) => ['time', firstTurnOf(eb)])
    .where('labels', '=', labels)
    .executeTakeFirst();
  return row && Math.min(row.time, row.next === null ? row.time : row.next - 1);
}

/** The smallest tag that is queued in a label set. What was taken back does not count. */
function firstTurnOf(eb: ExpressionBuilder<Schema, 'label_sets'>) {
  return eb
    .selectFrom('jobs')
    .select('virtual_start')
    .where('finished_at', 'is', null)
    .where('status', '=', 'queued')
    .whereRef('jobs.labels', '=', 'label_sets.labels')
    .whereRef('attempt', '=', 'first_attempt')
    .orderBy('virtual_start')
    .limit(1)
    .as('next');
}

export async function setTurns(db: Write, repo: string, labels: readonly string[], turns: Turns): Promise<void> {
  await db
    .insertInto('turns')
    .values({ labels: JSON.stringify(labels), repo, ...turns })
    .onConflict((conflict) => conflict.columns(['labels', 'repo']).doUpdateSet(turns))
    .execute();
}

/** Removes what is kept for label sets of which nothing is open any more. They begin anew where they are used again. */
export async function removeUnusedLabelSets(database: Database): Promise<void> {
  await database.write((db) =>
    db
      .deleteFrom('label_sets')
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('jobs')
              .select('id')
              .where('finished_at', 'is', null)
              .where('status', 'in', ['waiting', 'queued', 'running'])
              .whereRef('jobs.labels', '=', 'label_sets.labels'),
          ),
        ),
      )
      .execute(),
  );
}

/**
 * Between what tags the queues are at work: the smallest that is queued anywhere, null where none is, and the largest
 * that has been started.
 */
export async function virtualTimes({ db }: Pick<Database, 'db'>): Promise<{ lowest: number | null; highest: number }> {
  const queued = await db
    .selectFrom('jobs')
    .select((eb) => eb.fn.min('virtual_start').as('tag'))
    .where('finished_at', 'is', null)
    .where('status', '=', 'queued')
    .executeTakeFirst();
  const started = await db
    .selectFrom('label_sets')
    .select((eb) => eb.fn.max('time').as('tag'))
    .executeTakeFirst();
  return { lowest: queued?.tag ?? null, highest: started?.tag ?? 0 };
}

/** The start tag from which the priorities of messages are counted. */
export async function priorityOrigin(db: Sql | Write): Promise<number> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', originKey).executeTakeFirst();
  return row === undefined ? 0 : Number(row.value);
}

/** Counts priorities from another start tag, unless somebody else has moved the origin meanwhile. */
export async function movePriorityOrigin(database: Database, from: number, to: number): Promise<void> {
  await database.write((db) =>
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
