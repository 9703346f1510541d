import { sql } from 'kysely';
import type { Deployment } from '../kernel/model/access-shapes.ts';
import type { AttemptRef, BuildId, JobId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql, Write } from './database.ts';

/**
 * Deployments: jobs that were let through to an environment. Only such a job gets the environment's secrets. A row is of the
 * attempt that was let through and of those that follow without a person's retry.
 */

/** Records that jobs, which have just been queued, may deploy. */
export async function recordDeployments(
  db: Write,
  { build, repo }: { build: BuildId; repo: string },
  environments: ReadonlyMap<JobId, string>,
): Promise<void> {
  if (environments.size === 0) return;
  const jobs = await db
    .selectFrom('jobs')
    .select(['id', 'attempt'])
    .where('build_id', '=', Number(build))
    .where('status', '=', 'queued')
    .execute();
  const now = serverNow();
  for (const { id, attempt } of jobs) {
    const environment = environments.get(id);
    if (environment === undefined) continue;
    const row = { repo, environment, build_id: Number(build), job_id: id, attempt, created_at: now };
    await db.insertInto('deployments').values(row).execute();
  }
}

/** The environment that an attempt of a job was let through to; undefined if to none. */
export async function environmentOf(db: Sql, { job, attempt }: AttemptRef): Promise<string | undefined> {
  const row = await db
    .selectFrom('deployments')
    .innerJoin('jobs', 'jobs.id', 'deployments.job_id')
    .select('environment')
    .where('job_id', '=', job)
    .where('deployments.attempt', '<=', attempt)
    // not one from before a retry
    .whereRef('deployments.attempt', '>=', 'jobs.first_attempt')
    .executeTakeFirst();
  return row?.environment;
}

/** The deployment of each job of a build, without those from before a retry. */
export async function deploymentsOf(db: Sql, build: number) {
  const rows = await db
    .selectFrom('deployments')
    .innerJoin('jobs', 'jobs.id', 'deployments.job_id')
    .select(['job_id', 'environment', 'url'])
    .where('deployments.build_id', '=', build)
    .whereRef('deployments.attempt', '>=', 'jobs.first_attempt')
    .execute();
  return new Map(rows.map(({ job_id, ...deployment }) => [job_id, deployment]));
}

/** Records the address that a deployment has, at the end of its attempt. */
export async function noteUrl(db: Write, { job, attempt }: AttemptRef, url: string): Promise<void> {
  await db
    .updateTable('deployments')
    .set({ url })
    .where('job_id', '=', job)
    .where('attempt', '=', (eb) =>
      eb
        .selectFrom('deployments as own')
        .select(({ fn }) => fn.max('own.attempt').as('attempt'))
        .where('own.job_id', '=', job)
        .where('own.attempt', '<=', attempt),
    )
    .execute();
}

/**
 * Deployments of a repository, newest first.
 * @param before only those older than the one with this id
 */
export async function listDeployments(
  database: Database,
  repo: string,
  { limit, before, environment }: { limit: number; before?: number | undefined; environment?: string | undefined },
): Promise<Deployment[]> {
  // a person's retry makes a further deployment of the job; the attempts from there on are its own
  const next = sql<number>`coalesce((select min(later.attempt) from deployments as later
    where later.job_id = deployments.job_id and later.attempt > deployments.attempt), ${Number.MAX_SAFE_INTEGER})`;
  const last = sql<number>`(select max(number) from attempts where job_id = deployments.job_id
    and number >= deployments.attempt and number < ${next})`;
  const rows = await database.db
    .selectFrom('deployments')
    .innerJoin('builds', 'builds.id', 'deployments.build_id')
    .innerJoin('jobs', 'jobs.id', 'deployments.job_id')
    .innerJoin('attempts', (join) =>
      join.onRef('attempts.job_id', '=', 'deployments.job_id').on('attempts.number', '=', last),
    )
    .select(['deployments.id', 'environment', 'url', 'deployments.build_id', 'builds.number', 'deployments.job_id'])
    .select(['jobs.name', 'builds.ref', 'builds.sha', 'attempts.status', 'deployments.created_at'])
    .select(['attempts.started_at', 'attempts.finished_at'])
    .where('deployments.repo', '=', repo)
    .where('deployments.id', '<', before ?? Number.MAX_SAFE_INTEGER)
    .$if(environment !== undefined, (query) => query.where('environment', '=', environment as string))
    .orderBy('deployments.id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ build_id, job_id, name, created_at, started_at, finished_at, ...row }) => ({
    ...row,
    build: String(build_id) as BuildId,
    job: { id: job_id, name },
    createdAt: new Date(created_at).toISOString(),
    startedAt: started_at === null ? null : new Date(started_at).toISOString(),
    finishedAt: finished_at === null ? null : new Date(finished_at).toISOString(),
  }));
}
