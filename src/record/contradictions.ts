import { attemptName, type BuildId, isFinal, type JobId, type Reason, type Status } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { leaveGroups } from './concurrency.ts';
import type { Write } from './database.ts';
import { observed } from './observed.ts';
import { settleBuild } from './settled-builds.ts';

/** Contradictions that were repaired. */
export interface Settled {
  /** open jobs of ended builds */
  jobs: JobId[];
  /** open builds whose jobs had all ended */
  builds: BuildId[];
  /** names of open attempts whose job had ended, or had a later attempt */
  attempts: string[];
  /** open requests to cancel something that had ended */
  requests: number[];
  /** builds that were in a concurrency group without an open holder */
  groups: BuildId[];
  /** builds that may go on, since they wait for such a group */
  next: BuildId[];
  /** repositories that had schedules and are no longer observed */
  schedules: string[];
}

/**
 * Repairs rows of which one says that something is over and another that it goes on. Today's moves leave no such rows; a
 * crash, an older Volt or a person's statement may have. The row that says "over" wins; nothing that can still run is
 * touched.
 */
export async function settleContradictions(db: Write): Promise<Settled> {
  const jobs = await endJobs(db);
  const builds = await endBuilds(db);
  const attempts = await endAttempts(db);
  const requests = await closeRequests(db);
  const groups = await leaveInVain(db);
  const schedules = await db
    .deleteFrom('schedules')
    .where('repo', 'not in', observed(db).select('name'))
    .returning('repo')
    .execute();
  return { jobs, builds, attempts, requests, ...groups, schedules: [...new Set(schedules.map(({ repo }) => repo))] };
}

async function endJobs(db: Write): Promise<JobId[]> {
  const open = await db
    .selectFrom('jobs')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .select(['jobs.id', 'builds.status', 'builds.reason', 'builds.finished_at as at'])
    .where('jobs.finished_at', 'is', null)
    .where('builds.finished_at', 'is not', null)
    .execute();
  for (const { id, status, reason, at } of open) {
    const why: Reason = (status === 'cancelled' ? reason : null) ?? 'job_cancelled';
    const ended = { status: 'cancelled' as const, reason: why, message: 'its build had already ended' };
    await db
      .updateTable('jobs')
      .set({ ...ended, finished_at: at })
      .where('id', '=', id)
      .execute();
  }
  return open.map(({ id }) => id);
}

async function endBuilds(db: Write): Promise<BuildId[]> {
  const rows = await db
    .selectFrom('builds')
    .select('id')
    .where('finished_at', 'is', null)
    .where(({ exists, not, selectFrom }) => {
      const jobs = selectFrom('jobs').select('jobs.id').whereRef('jobs.build_id', '=', 'builds.id');
      return exists(jobs).and(not(exists(jobs.where('jobs.finished_at', 'is', null))));
    })
    .execute();
  for (const { id } of rows) await settleBuild(db, id);
  return rows.map(({ id }) => String(id) as BuildId);
}

async function endAttempts(db: Write): Promise<string[]> {
  const open: Status[] = ['queued', 'running'];
  const rows = await db
    .updateTable('attempts')
    .set((eb) => ({
      status: 'error' as const,
      reason: 'runner_lost' as const,
      message: eb.fn.coalesce('message', eb.val('how it ended is not known')),
      finished_at: serverNow(),
    }))
    .where('status', 'in', open)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('jobs')
          .select('jobs.id')
          .whereRef('jobs.id', '=', 'attempts.job_id')
          .where((eb) =>
            eb.or([eb('jobs.finished_at', 'is not', null), eb('jobs.attempt', '>', eb.ref('attempts.number'))]),
          ),
      ),
    )
    .returning(['job_id', 'number'])
    .execute();
  return rows.map(({ job_id, number }) => attemptName({ job: job_id, attempt: number }));
}

async function closeRequests(db: Write): Promise<number[]> {
  const rows = await db
    .updateTable('intents')
    .set({ closed_at: serverNow() })
    .where('kind', '=', 'cancel')
    .where('closed_at', 'is', null)
    .where('build_id', 'in', (eb) => eb.selectFrom('builds').select('id').where('finished_at', 'is not', null))
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** A holder is a job, by its id, or all jobs of a workflow, by its file. */
async function leaveInVain(db: Write): Promise<{ groups: BuildId[]; next: BuildId[] }> {
  const entries = await db.selectFrom('concurrency').select(['id', 'build_id', 'holder']).execute();
  const vain: typeof entries = [];
  for (const entry of entries) {
    const jobs = await db
      .selectFrom('jobs')
      .select(['id', 'status', 'node'])
      .where('build_id', '=', entry.build_id)
      .execute();
    const its = jobs.filter(({ id, node }) => id === entry.holder || fileOf(node) === entry.holder);
    if (its.every(({ status }) => isFinal(status))) vain.push(entry);
  }
  const next = await leaveGroups(
    db,
    vain.map(({ id }) => id),
  );
  return { groups: [...new Set(vain.map(({ build_id }) => String(build_id) as BuildId))], next };
}

function fileOf(node: string | null): string | undefined {
  return node === null ? undefined : (JSON.parse(node) as { file?: string }).file;
}
