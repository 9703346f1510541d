import type { ExpressionBuilder } from 'kysely';
import type { Database, Write } from './database.ts';
import type { Schema } from './schema.ts';

/**
 * Start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queueing: A Scheduling Algorithm for Integrated Services
 * Packet Switching Networks", SIGCOMM 1996) for each label set. Repositories are the flows, and each job has length 1.
 *
 * A job gets its start tag when it is queued; the lowest tag runs first. The tag is the virtual time of its labels (the
 * highest tag that a runner has started) or, if that is later, the next tag that its repository has not used. So a
 * repository with a thousand queued jobs is overtaken by one that has just pushed its first commit. While no job is queued
 * for a label set, all of its tags are forgotten. The jobs of its pull requests, and others that
 * strangers may cause, are a flow of their own, so that they do not push back its other jobs.
 */

/** Tag of a job that goes ahead of all others, because its attempt was taken back. */
export const tagOfTakenBack = 0;

const firstTag = 1;

/** When the virtual time is beyond this, the tags of the label set move back to `firstTag`; see queues/priority.ts. */
const highestTime = 2 ** 20;

/** What one repository finds in the queue of one label set. */
interface Turns {
  /** virtual time */
  time: number;
  /** next free tag for a job of a new build */
  finish: number;
  /** next free tag for a job that continues a build */
  beside: number;
  /** next free tag for a job that lets those of branches go first */
  aside: number;
}

/**
 * Start tags for jobs of one repository that are being queued.
 * @param jobs the labels of each job
 * @param continues whether their build has started before. Such jobs go ahead of the repository's other jobs, so that
 * builds finish in order. Each costs the repository one turn later.
 * @param isBehind whether they let jobs of branches go first, see behind.ts; see also queues/slots.ts
 */
export async function startTags(
  db: Write,
  repo: string,
  jobs: readonly (readonly string[])[],
  { continues = false, isBehind = false } = {},
): Promise<number[]> {
  const queues = new Map<string, Turns>();
  const tags: number[] = [];
  for (const labels of jobs.map((each) => JSON.stringify(each))) {
    const turns = queues.get(labels) ?? (await turnsOf(db, labels, repo));
    queues.set(labels, turns);
    tags.push(isBehind ? takeAside(turns) : take(turns, continues));
  }
  for (const [labels, { time, finish, beside, aside }] of queues) {
    await db
      .insertInto('label_sets')
      .values({ labels, time })
      .onConflict((conflict) => conflict.column('labels').doUpdateSet({ time }))
      .execute();
    await db
      .insertInto('turns')
      .values({ labels, repo, finish, beside, aside })
      .onConflict((conflict) => conflict.columns(['labels', 'repo']).doUpdateSet({ finish, beside, aside }))
      .execute();
  }
  return tags;
}

function take(turns: Turns, continues: boolean): number {
  const tag = Math.max(turns.time, continues ? turns.beside : turns.finish);
  if (continues) turns.beside = tag + 1;
  turns.finish = continues ? Math.max(turns.time, turns.finish) + 1 : tag + 1;
  return tag;
}

function takeAside(turns: Turns): number {
  const tag = Math.max(turns.time, turns.aside);
  turns.aside = tag + 1;
  return tag;
}

async function turnsOf(db: Write, labels: string, repo: string): Promise<Turns> {
  const { lowest, time, finish, beside, aside } = await db
    .selectNoFrom((eb) => [
      lowestTag(eb, labels).as('lowest'),
      eb.selectFrom('label_sets').select('time').where('labels', '=', labels).as('time'),
      ...(['finish', 'beside', 'aside'] as const).map((column) =>
        eb.selectFrom('turns').select(column).where('labels', '=', labels).where('repo', '=', repo).as(column),
      ),
    ])
    .executeTakeFirstOrThrow();
  if (lowest === null) {
    // with its turns
    if (time !== null) await db.deleteFrom('label_sets').where('labels', '=', labels).execute();
    return { time: firstTag, finish: firstTag, beside: firstTag, aside: firstTag };
  }
  // cancelled jobs never start, so the lowest tag may be beyond the time
  const turns = {
    time: Math.max(time ?? firstTag, lowest),
    finish: finish ?? firstTag,
    beside: beside ?? firstTag,
    aside: aside ?? firstTag,
  };
  if (turns.time <= highestTime) return turns;
  const distance = turns.time - firstTag;
  await moveBack(db, labels, distance);
  return {
    time: firstTag,
    finish: turns.finish - distance,
    beside: turns.beside - distance,
    aside: turns.aside - distance,
  };
}

/** The lowest tag that is queued, null if there is none. Jobs that were taken back do not count. */
function lowestTag(eb: ExpressionBuilder<Schema, never>, labels: string) {
  return eb
    .selectFrom('jobs')
    .select('virtual_start')
    .where('finished_at', 'is', null)
    .where('status', '=', 'queued')
    .where('labels', '=', labels)
    .where('virtual_start', '>', tagOfTakenBack)
    .orderBy('virtual_start')
    .limit(1);
}

/** Lowers all tags of a label set; their order stays. The dispatcher then corrects the priorities of the messages. */
async function moveBack(db: Write, labels: string, distance: number): Promise<void> {
  await db
    .updateTable('turns')
    .set((eb) => ({
      finish: eb('finish', '-', distance),
      beside: eb('beside', '-', distance),
      aside: eb('aside', '-', distance),
    }))
    .where('labels', '=', labels)
    .execute();
  await db
    .updateTable('jobs')
    .set((eb) => ({
      virtual_start: eb
        .case()
        .when('virtual_start', '>', distance)
        .then(eb('virtual_start', '-', distance))
        .else(firstTag)
        .end(),
    }))
    .where('finished_at', 'is', null)
    .where('status', '=', 'queued')
    .where('labels', '=', labels)
    .where('virtual_start', '>', tagOfTakenBack)
    .execute();
}

/** An attempt of a job with this tag has started. */
export async function raiseTime(db: Write, job: { labels: string; virtual_start: number }): Promise<void> {
  await db
    .updateTable('label_sets')
    .set({ time: job.virtual_start })
    .where('labels', '=', job.labels)
    .where('time', '<', job.virtual_start)
    .execute();
}

/** Removes label sets that no open job has. */
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
