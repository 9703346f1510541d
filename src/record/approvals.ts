import type { Selectable } from 'kysely';
import type { Approval, ApprovalDecision, BuildId, JobId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql, Write } from './database.ts';
import type { Schema } from './schema.ts';

/**
 * What waits for a person's approval, or for a time that a person has set: one row for each attempt of a job that must be let
 * through. What is decided first counts. `due_at` is when the dispatcher has to plan the build again.
 */

/** Milliseconds in which somebody must decide, as on GitHub: 30 days. */
export const approvalPatience = 30 * 24 * 60 * 60 * 1000;

/** A wait, as recorded. */
export interface Wait {
  id: number;
  askedAt: number;
  decision: ApprovalDecision | null;
  /** milliseconds since 1970; null before that */
  decidedAt: number | null;
  by: string | null;
  comment: string | null;
}

/** The wait of a job's attempt, which begins now if there is none yet. */
export async function beginWait(
  db: Write,
  { build, job, attempt, environment }: { build: BuildId; job: JobId; attempt: number; environment: string },
): Promise<Wait> {
  const known = await db
    .selectFrom('approvals')
    .selectAll()
    .where('build_id', '=', Number(build))
    .where('job_id', '=', job)
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  if (known) return waitOf(known);
  const values = { build_id: Number(build), job_id: job, attempt, environment, asked_at: serverNow() };
  return waitOf(await db.insertInto('approvals').values(values).returningAll().executeTakeFirstOrThrow());
}

/** @param due when the dispatcher has to look at it again (ms since 1970); null if it need not */
export async function setDue(db: Write, id: number, due: number | null): Promise<void> {
  await db.updateTable('approvals').set({ due_at: due }).where('id', '=', id).execute();
}

/** Ends a wait that nobody has decided in time. */
export async function expireWait(db: Write, id: number): Promise<void> {
  await db
    .updateTable('approvals')
    .set({ decision: 'expired', decided_at: serverNow() })
    .where('id', '=', id)
    .where('decision', 'is', null)
    .execute();
}

/**
 * Decides about jobs that wait for approval now, all that are given or those of the build.
 * @returns the jobs that were decided
 */
export async function decideWaits(
  database: Database,
  of: { build: BuildId; jobs: readonly JobId[] | null },
  { decision, by, comment }: { decision: 'approved' | 'declined'; by: string; comment: string | null },
): Promise<JobId[]> {
  const { jobs } = of;
  if (jobs?.length === 0) return [];
  return database.write(async (db) => {
    const now = serverNow();
    const values = { decision, decided_by: by, decided_at: now, comment, due_at: now };
    const rows = await db
      .updateTable('approvals')
      .set(values)
      .where('build_id', '=', Number(of.build))
      .where('decision', 'is', null)
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('jobs')
            .select('jobs.id')
            .whereRef('jobs.id', '=', 'approvals.job_id')
            .whereRef('jobs.attempt', '=', 'approvals.attempt')
            .where('jobs.status', '=', 'waiting')
            .where('jobs.reason', '=', 'approval_required'),
        ),
      )
      .$if(jobs !== null, (query) => query.where('job_id', 'in', jobs))
      .returning('job_id')
      .execute();
    return rows.flatMap(({ job_id }) => job_id ?? []);
  });
}

/** Has the dispatcher look at all open waits of a repository: the rules of an environment have changed. */
export async function askAgain(db: Write, repo: string): Promise<void> {
  await db
    .updateTable('approvals')
    .set({ due_at: serverNow() })
    .where('due_at', 'is not', null)
    .where('build_id', 'in', (eb) =>
      eb.selectFrom('builds').select('id').where('repo', '=', repo).where('finished_at', 'is', null),
    )
    .execute();
}

/** Builds with waits that are due, the oldest first. Waits of jobs that no longer wait are closed. */
export async function dueWaits(database: Database, limit: number): Promise<BuildId[]> {
  const now = serverNow();
  const rows = await database.db
    .selectFrom('approvals')
    .leftJoin('jobs', (join) =>
      join.onRef('jobs.id', '=', 'approvals.job_id').onRef('jobs.attempt', '=', 'approvals.attempt'),
    )
    .select(['approvals.id', 'approvals.build_id', 'jobs.status'])
    .where('approvals.due_at', '<=', now)
    .orderBy('approvals.due_at')
    .limit(limit)
    .execute();
  const over = rows.filter(({ status }) => status !== 'waiting').map(({ id }) => id);
  if (over.length > 0)
    await database.write((db) => db.updateTable('approvals').set({ due_at: null }).where('id', 'in', over).execute());
  const due = rows.filter(({ status }) => status === 'waiting').map(({ build_id }) => String(build_id) as BuildId);
  return [...new Set(due)];
}

/** The newest approval of each job of a build, without waits that nobody has to decide about. */
export async function approvalsOf(db: Sql, build: number): Promise<Map<JobId, Approval>> {
  const rows = await db
    .selectFrom('approvals')
    .innerJoin('jobs', 'jobs.id', 'approvals.job_id')
    .selectAll('approvals')
    .where('approvals.build_id', '=', build)
    .where((eb) => eb.or([eb('decision', 'is not', null), eb('jobs.reason', '=', 'approval_required')]))
    .orderBy('approvals.id')
    .execute();
  return new Map(rows.flatMap((row) => (row.job_id === null ? [] : [[row.job_id, approvalOf(row)]])));
}

type Row = Selectable<Schema['approvals']>;

/** A wait from its row. */
export function waitOf({ id, asked_at, decision, decided_at, decided_by, comment }: Row): Wait {
  return { id, askedAt: asked_at, decision, decidedAt: decided_at, by: decided_by, comment };
}

function approvalOf({ environment, asked_at, decision, decided_by, decided_at, comment }: Row): Approval {
  return {
    ...{ environment, decision, by: decided_by, comment },
    askedAt: new Date(asked_at).toISOString(),
    at: decided_at === null ? null : new Date(decided_at).toISOString(),
  };
}

/** The newest approval of a whole build; null for one that needs none. */
export async function approvalOfBuild(db: Sql, build: number): Promise<Approval | null> {
  const row = await db
    .selectFrom('approvals')
    .selectAll()
    .where('build_id', '=', build)
    .where('digest', 'is not', null)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ? approvalOf(row) : null;
}
