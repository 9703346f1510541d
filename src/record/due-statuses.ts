import { type CommitState, pullRequestContext } from '../kernel/commit-status.ts';
import type { ForgeScope } from '../kernel/forge-projects.ts';
import { projectAt } from '../kernel/forge-projects.ts';
import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql } from './database.ts';
import { errorColumns, errorIn, noError } from './error-columns.ts';
import { type Reader, readable } from './visibility.ts';

/** A status that is due: it is to be sent, or to be looked up at the forge. */
export interface DueStatus {
  id: number;
  repo: string;
  sha: string;
  ref: string;
  context: string;
  build: number;
  state: CommitState;
  description: string;
  /** whether what is pending runs, where the forge tells that apart */
  isRunning: boolean;
  /** number of the run of the build */
  round: number;
  /** whether it is about a workflow or a job of the build */
  isPart: boolean;
  revision: number;
  /** whether the forge has accepted it, and is asked whether it shows it */
  isSent: boolean;
  /** what the forge has accepted last, see `noteSent` */
  shown: string | null;
  attempts: number;
  losses: number;
  createdAt: number;
  /** undefined if the forge is not for the repository any more, or another repository has its name now */
  project: string | undefined;
}

/** Which status is meant: a newer status of the same commit is another one. */
export type StatusRef = Pick<DueStatus, 'id' | 'revision'>;

/** Names of the checked forges with something to do now. */
export async function dueForges({ db }: Pick<Database, 'db'>): Promise<string[]> {
  const rows = await db
    .selectFrom('forges')
    .select('name')
    .where('checked_at', 'is not', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('commit_statuses')
          .select('commit_statuses.id')
          .whereRef('commit_statuses.forge', '=', 'forges.name')
          .where('commit_statuses.due_at', '<=', serverNow()),
      ),
    )
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}

/**
 * The status of a forge that is due for the longest time; final ones come before pending ones, and those of pull requests last, of
 * which strangers make any number.
 * @param options.pending whether pending ones count
 */
export async function nextStatus(
  { db }: Pick<Database, 'db'>,
  { name, kind, api, repos }: ForgeScope & { name: string },
  { pending }: { pending: boolean },
): Promise<DueStatus | undefined> {
  let query = db
    .selectFrom('commit_statuses')
    .leftJoin('repositories', 'repositories.name', 'commit_statuses.repo')
    .selectAll('commit_statuses')
    .select(['repositories.url', 'repositories.foreign_builds'])
    .where('forge', '=', name)
    .where('due_at', '<=', serverNow());
  if (!pending) query = query.where('state', '<>', 'pending');
  const row = await query
    .orderBy((eb) => eb.case().when('state', '=', 'pending').then(1).else(0).end())
    .orderBy((eb) => eb.case().when('context', 'like', `${pullRequestContext}%`).then(1).else(0).end())
    .orderBy('due_at')
    .orderBy('commit_statuses.id')
    .limit(1)
    .executeTakeFirst();
  if (!row) return undefined;
  const { id, repo, sha, ref, context, build_id, state, description, revision, sent, shown, attempts, losses } = row;
  const isOwn = row.url !== null && build_id > (row.foreign_builds ?? 0);
  const project = isOwn ? projectAt({ kind, api, repos }, { name: repo, url: row.url as string }) : undefined;
  const about = { id, repo, sha, ref, context, build: build_id, state, description };
  const run = { isRunning: row.running === 1, round: row.round, isPart: row.part === 1 };
  return {
    ...about,
    ...run,
    revision,
    isSent: sent === revision,
    shown,
    attempts,
    losses,
    createdAt: row.created_at,
    project,
  };
}

/**
 * Records that the forge has accepted a status.
 * @param shown the status that the forge shows now, in a form that can be compared
 * @param lookUpAt when the forge is asked whether it shows it; null for never
 */
export async function noteSent(
  database: Database,
  { id, revision }: StatusRef,
  { shown, lookUpAt }: { shown: string; lookUpAt: number | null },
): Promise<void> {
  const at = serverNow();
  await database.write(async (db) => {
    // a newer status may be wanted by now, which stays due
    await db.updateTable('commit_statuses').set({ sent: revision, sent_at: at, shown }).where('id', '=', id).execute();
    await db
      .updateTable('commit_statuses')
      .set({ due_at: lookUpAt, attempts: 0, ...noError })
      .where('id', '=', id)
      .where('revision', '=', revision)
      .execute();
  });
}

/** Records that nothing is left to do about a status. @param error why it was given up; undefined if it was done */
export async function noteDone(database: Database, { id, revision }: StatusRef, error?: Problem): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('commit_statuses')
      .set({ due_at: null, sent: revision, ...(error ? errorColumns(error) : noError) })
      .where('id', '=', id)
      .where('revision', '=', revision)
      .execute(),
  );
}

/** Records that the forge does not show a status that it has accepted: it is sent again. */
export async function noteLost(database: Database, { id, revision }: StatusRef): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('commit_statuses')
      .set((eb) => ({ due_at: serverNow(), sent: 0, shown: null, losses: eb('losses', '+', 1) }))
      .where('id', '=', id)
      .where('revision', '=', revision)
      .execute(),
  );
}

/** Records that a status could not be sent or looked up. @param problem undefined where the forge is at fault, not this status */
export async function noteFailed(
  database: Database,
  { id, revision }: StatusRef,
  { dueAt, problem }: { dueAt: number; problem?: Problem | undefined },
): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('commit_statuses')
      .set((eb) => ({ due_at: dueAt, attempts: eb('attempts', '+', 1), ...(problem && errorColumns(problem)) }))
      .where('id', '=', id)
      .where('revision', '=', revision)
      .execute(),
  );
}

/** Lets all statuses of a repository that wait for a forge wait until a time: whatever holds up one of them holds up all. */
export async function postponeRepository(
  database: Database,
  forge: string,
  repo: string,
  until: number,
): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('commit_statuses')
      .set({ due_at: until })
      .where('forge', '=', forge)
      .where('repo', '=', repo)
      .where('due_at', '<', until)
      .whereRef('sent', '<', 'revision')
      .execute(),
  );
}

/** Lets the statuses of a repository that a forge has refused be tried now. */
export async function releaseRepository(database: Database, forge: string, repo: string): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('commit_statuses')
      .set({ due_at: serverNow() })
      .where('forge', '=', forge)
      .where('repo', '=', repo)
      .where('due_at', '>', serverNow())
      .whereRef('sent', '<', 'revision')
      .execute(),
  );
}

/** When statuses were sent to a forge since a time, the earliest first. */
export async function sentSince({ db }: Pick<Database, 'db'>, forge: string, since: number): Promise<number[]> {
  const query = db
    .selectFrom('commit_statuses')
    .select('sent_at')
    .where('forge', '=', forge)
    .where('sent_at', '>', since);
  const rows = await query.orderBy('sent_at').execute();
  return rows.flatMap(({ sent_at }) => (sent_at === null ? [] : [sent_at]));
}

/** Why the newest status of a repository was not accepted by a forge. */
export interface RefusedStatus extends Problem {
  repo: string;
  forge: string;
}

/** For each repository and forge, why the newest refused status was refused; only what the reader may read. */
export async function refusedStatuses({ db }: { db: Sql }, reader: Reader, repo?: string): Promise<RefusedStatus[]> {
  let newest = db
    .selectFrom('commit_statuses')
    .select((eb) => eb.fn.max('id').as('id'))
    .where('error_code', 'is not', null)
    .where(readable(reader, 'commit_statuses.repo'))
    .groupBy(['repo', 'forge']);
  if (repo !== undefined) newest = newest.where('repo', '=', repo);
  const rows = await db
    .selectFrom('commit_statuses')
    .select(['repo', 'forge', 'error_code', 'error_message', 'error_remedy'])
    .where('id', 'in', newest)
    // a later status was accepted, so what held up the earlier one is over
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('commit_statuses as later')
            .select('later.id')
            .whereRef('later.forge', '=', 'commit_statuses.forge')
            .whereRef('later.repo', '=', 'commit_statuses.repo')
            .whereRef('later.build_id', '>', 'commit_statuses.build_id')
            .where('later.sent_at', 'is not', null)
            .where('later.error_code', 'is', null),
        ),
      ),
    )
    .orderBy('repo')
    .orderBy('forge')
    .execute();
  return rows.flatMap(({ repo, forge, ...row }) => {
    const error = errorIn(row);
    return error ? [{ repo, forge, ...error }] : [];
  });
}
