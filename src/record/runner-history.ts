import type { BuildId, JobId, Reason, Status } from '../kernel/model.ts';
import type { Database } from './database.ts';
import { type Reader, readable } from './visibility.ts';

/** An attempt of a runner. Times are milliseconds since 1970. */
export interface PastAttempt {
  job: JobId;
  attempt: number;
  name: string;
  repo: string;
  build: BuildId;
  number: number;
  runner: string | null;
  status: Status;
  reason: Reason | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  lostAt: number | null;
  noticedAt: number | null;
}

function attempts(database: Database, reader: Reader) {
  return database.db
    .selectFrom('attempts')
    .innerJoin('jobs', 'jobs.id', 'attempts.job_id')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .where(readable(reader, 'builds.repo'))
    .select(['attempts.job_id as job', 'attempts.number as attempt', 'attempts.runner_name as runner'])
    .select(['attempts.status', 'attempts.reason', 'attempts.created_at as createdAt'])
    .select(['attempts.started_at as startedAt'])
    .select(['attempts.finished_at as finishedAt', 'attempts.lost_at as lostAt', 'attempts.noticed_at as noticedAt'])
    .select(['jobs.name', 'builds.repo', 'builds.number', 'builds.id as build']);
}

type Row = Awaited<ReturnType<ReturnType<typeof attempts>['execute']>>[number];

/** Where an attempt is in the list of its runner. */
export interface AttemptPosition {
  createdAt: number;
  job: JobId;
}

/** The ended attempts of a runner that the reader may see, newest first. @param before only those that are further down */
export async function attemptsOfRunner(
  database: Database,
  reader: Reader,
  runner: string,
  { limit, before }: { limit: number; before?: AttemptPosition | undefined },
): Promise<PastAttempt[]> {
  let query = attempts(database, reader)
    .where('attempts.runner_name', '=', runner)
    .where('attempts.status', 'not in', ['queued', 'running'])
    .orderBy('attempts.created_at', 'desc')
    .orderBy('attempts.job_id', 'desc')
    .limit(limit);
  if (before) {
    const { createdAt, job } = before;
    query = query
      .where('attempts.created_at', '<=', createdAt)
      .where((eb) => eb.or([eb('attempts.created_at', '<', createdAt), eb('attempts.job_id', '<', job)]));
  }
  return (await query.execute()).map(pastOf);
}

/** A job, as a list names it. */
export type NamedJob = Pick<PastAttempt, 'job' | 'name' | 'repo' | 'build' | 'number' | 'startedAt'>;

/** Those of the jobs that the reader may see. */
export async function namedJobs(database: Database, reader: Reader, jobs: readonly JobId[]): Promise<NamedJob[]> {
  if (jobs.length === 0) return [];
  const rows = await database.db
    .selectFrom('jobs')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .where(readable(reader, 'builds.repo'))
    .where('jobs.id', 'in', jobs)
    .select(['jobs.id as job', 'jobs.name', 'jobs.started_at as startedAt'])
    .select(['builds.repo', 'builds.number', 'builds.id as build'])
    .execute();
  return rows.map(({ build, ...row }) => ({ ...row, build: String(build) as BuildId }));
}

/** Whether a runner with that name has ever had a job. */
export async function hasRunJobs(database: Database, runner: string): Promise<boolean> {
  const row = await database.db
    .selectFrom('attempts')
    .select('number')
    .where('runner_name', '=', runner)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Attempts whose runner was lost, newest first. @param since milliseconds since 1970 */
export async function lostAttempts(
  database: Database,
  reader: Reader,
  since: number,
  limit: number,
): Promise<PastAttempt[]> {
  const rows = await attempts(database, reader)
    .where('attempts.noticed_at', '>=', since)
    .orderBy('attempts.noticed_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(pastOf);
}

/** Milliseconds that a lost attempt has cost: its run time, and the time until the loss was noticed. */
export function timeLost({ startedAt, lostAt, noticedAt }: PastAttempt): number {
  if (noticedAt === null) return 0;
  return Math.max(0, noticedAt - (startedAt ?? lostAt ?? noticedAt));
}

function pastOf({ build, ...row }: Row): PastAttempt {
  return { ...row, build: String(build) as BuildId };
}
