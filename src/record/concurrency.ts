import { sql } from 'kysely';
import { type BuildId, type JobId, parseJobId } from '../kernel/model.ts';
import type { Database, Write } from './database.ts';

/**
 * Concurrency groups of workflows: for each name in a repository, one holder is inside and one waits; a newcomer replaces the
 * one that waits (docs.github.com, "Control the concurrency of workflows and jobs").
 *
 * A workflow enters when its build is first planned, which may be late: its dispatcher died, or had to wait. So it does not
 * enter if a holder of a younger build is already there. A retry makes a build as young as the retry: on GitHub, too, a
 * retried workflow enters as if it were new. Jobs enter in the order in which they ask.
 */

export interface Holder {
  build: BuildId;
  /** path of the workflow's file, or id of the job */
  holder: string;
}

export type Entry = {
  /** holders that it has replaced: they are to end */
  superseded: Holder[];
} & (
  | { outcome: 'inside' }
  /** build `heldBy` is inside, or enters first */
  | { outcome: 'waits'; heldBy: BuildId }
  /** it does not enter: a younger build has replaced it */
  | { outcome: 'late'; younger: BuildId }
);

/**
 * Enters a group, or asks again whether a waiting holder may enter now.
 * @param name in lower case
 */
export async function enterGroup(
  db: Write,
  repo: string,
  name: string,
  { build, holder }: Holder,
  cancelInProgress: boolean,
): Promise<Entry> {
  // for a job, only the entries that matter are read: a build may have a thousand jobs that ask, one after the other
  const rows = await membersOf(db, repo, name, isWorkflow(holder) ? undefined : { build, holder });
  const mine = rows.find((row) => row.build_id === Number(build) && row.holder === holder);
  const first = rows.find((row) => row.inside === 1) ?? rows[0];
  if (mine) {
    if (first !== mine) return { outcome: 'waits', heldBy: buildOf(first ?? mine), superseded: [] };
    if (mine.inside === 0) await db.updateTable('concurrency').set({ inside: 1 }).where('id', '=', mine.id).execute();
    return { outcome: 'inside', superseded: [] };
  }
  if (isWorkflow(holder)) {
    const age = await ageOf(db, build);
    const younger = rows.find((row) => isYounger(row, age));
    if (younger) return { outcome: 'late', younger: buildOf(younger), superseded: [] };
  }
  const values = { repo, name, build_id: Number(build), holder, inside: first ? 0 : 1 };
  await db.insertInto('concurrency').values(values).execute();
  // the last one that waits replaces the others
  const last = rows.findLast((row) => row.inside === 0);
  const superseded = rows.filter((row) => row === last || (cancelInProgress && row.inside === 1)).map(holderOf);
  return first ? { outcome: 'waits', heldBy: buildOf(first), superseded } : { outcome: 'inside', superseded };
}

/** The age of a build: its id, and the newest build at its last retry. */
interface Age {
  build_id: number;
  retried_after: number;
}

type Member = Age & { id: number; holder: string; inside: number };

/**
 * The holders in a group, in the order of entering.
 * @param beside a job that asks: only itself, the holder inside, and the first and the last one that wait
 */
function membersOf(db: Write, repo: string, name: string, beside?: Holder): Promise<Member[]> {
  const query = db
    .selectFrom('concurrency')
    .innerJoin('build_workflows', 'build_workflows.build_id', 'concurrency.build_id')
    .select(['concurrency.id', 'concurrency.build_id', 'holder', 'inside', 'retried_after'])
    .where('repo', '=', repo)
    .where('name', '=', name)
    .orderBy('concurrency.id');
  if (!beside) return query.execute();
  const waiting = db
    .selectFrom('concurrency')
    .where('repo', '=', repo)
    .where('name', '=', name)
    .where('inside', '=', 0);
  return query
    .where(({ and, eb, or }) =>
      or([
        eb('inside', '=', 1),
        eb(
          'concurrency.id',
          'in',
          waiting.select(({ fn }) => fn.min('id').as('id')),
        ),
        eb(
          'concurrency.id',
          'in',
          waiting.select(({ fn }) => fn.max('id').as('id')),
        ),
        and([eb('concurrency.build_id', '=', Number(beside.build)), eb('holder', '=', beside.holder)]),
      ]),
    )
    .execute();
}

function ageOf(db: Write, build: BuildId): Promise<Age> {
  return db
    .selectFrom('build_workflows')
    .select(['build_id', 'retried_after'])
    .where('build_id', '=', Number(build))
    .executeTakeFirstOrThrow();
}

/** Whether one build was made, or retried, after the other one. */
function isYounger(one: Age, other: Age): boolean {
  const [a, b] = [one, other].map(({ build_id, retried_after }) => Math.max(build_id, retried_after));
  // a build is retried after the youngest one was made
  if (a === b) return one.retried_after === a && other.retried_after !== a;
  return (a ?? 0) > (b ?? 0);
}

function isWorkflow(holder: string): boolean {
  return parseJobId(holder) === undefined;
}

/** The holder inside a group; undefined if there is none. */
export async function insideOf(db: Write, repo: string, name: string): Promise<Holder | undefined> {
  const inside = (await membersOf(db, repo, name)).find((row) => row.inside === 1);
  return inside && holderOf(inside);
}

/** Jobs of a build that wait for groups, with their nodes; null if the node is not recorded yet. */
export async function waitingInGroups(
  db: Write,
  build: BuildId,
): Promise<{ id: JobId; node: string | null; name: string }[]> {
  const rows = await db
    .selectFrom('concurrency')
    .leftJoin('jobs', 'jobs.id', 'concurrency.holder')
    .select(['concurrency.holder', 'concurrency.name', 'jobs.node'])
    .where('concurrency.build_id', '=', Number(build))
    .where('inside', '=', 0)
    .orderBy('concurrency.id')
    .execute();
  return rows.flatMap(({ holder, name, node }) => {
    const id = parseJobId(holder);
    return id ? [{ id, node, name }] : [];
  });
}

/** Removes a waiting holder from a group. */
export async function stopWaiting(db: Write, name: string, { build, holder }: Holder): Promise<void> {
  await db
    .deleteFrom('concurrency')
    .where('build_id', '=', Number(build))
    .where('holder', '=', holder)
    .where('name', '=', name)
    .where('inside', '=', 0)
    .execute();
}

/** The holders of a build in any group, inside or waiting. */
export async function groupsOf(database: Database, build: BuildId): Promise<{ id: number; holder: string }[]> {
  return database.db.selectFrom('concurrency').select(['id', 'holder']).where('build_id', '=', Number(build)).execute();
}

/**
 * Removes holders from their groups.
 * @returns the builds that may be next
 */
export async function leaveGroups(db: Write, ids: readonly number[]): Promise<BuildId[]> {
  if (ids.length === 0) return [];
  const left = await db.deleteFrom('concurrency').where('id', 'in', ids).returning(['repo', 'name']).execute();
  const next: BuildId[] = [];
  for (const { repo, name } of left) {
    const rows = await db
      .selectFrom('concurrency')
      .select('build_id')
      .where('repo', '=', repo)
      .where('name', '=', name)
      .execute();
    next.push(...rows.map((row) => String(row.build_id) as BuildId));
  }
  return [...new Set(next)];
}

/**
 * Builds with a holder that is over and still in a group: the dispatcher that should have removed it died, or the message of
 * its end was lost.
 */
export async function lingeringHolders(database: Database): Promise<BuildId[]> {
  const rows = await database.db
    .selectFrom('concurrency')
    .select('build_id')
    .distinct()
    // not a join: SQLite might start it with all jobs that ever were
    .where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom('jobs')
            .select('jobs.id')
            .whereRef('jobs.build_id', '=', 'concurrency.build_id')
            .where('jobs.finished_at', 'is', null)
            .where(({ eb, or, ref }) => or([eb('jobs.id', '=', sql<JobId>`${ref('concurrency.holder')}`), isOfHolder])),
        ),
      ),
    )
    .execute();
  return rows.map(buildOf);
}

/** Compares how a node starts as JSON. It is false for a file name that JSON escapes; then the build is listed needlessly. */
const isOfHolder = sql<boolean>`substr(jobs.node, 1, length(concurrency.holder) + 10) = '{"file":"' || concurrency.holder || '"'`;

function buildOf(row: { build_id: number }): BuildId {
  return String(row.build_id) as BuildId;
}

function holderOf(row: { build_id: number; holder: string }): Holder {
  return { build: buildOf(row), holder: row.holder };
}
