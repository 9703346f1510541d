import { type ExpressionBuilder, sql } from 'kysely';
import type { BuildId, JobId, Reason, RunnerId, Status } from '../kernel/model.ts';
import type { Record } from './record.ts';
import type { Schema } from './schema.ts';

/** A job that is not final, with all that is needed to send or watch it. */
export interface OpenJob {
  id: JobId;
  build: BuildId;
  name: string;
  status: Status;
  attempt: number;
  labels: string[];
  needs: string[];
  plan: string;
  timeout: number;
  virtualStart: number;
  runner: { id: RunnerId; name: string } | null;
  startedAt: number | null;
  /** when the current attempt was made, in milliseconds since 1970; 0 while the job waits */
  attemptAt: number;
  ref: string;
  sha: string;
  repo: { name: string; url: string; reports: string[]; removed: boolean };
  /** the repository is fetched with a credential of its own */
  hasCredential: boolean;
  /** the repository has secrets for jobs that no workflow describes */
  hasSecretsInEnvironment: boolean;
}

/**
 * Open jobs in the order in which they are to run.
 * @param filter all that are given must hold; a build or a few jobs are found by themselves, however many are open
 */
export async function openJobs(
  record: Record,
  filter: { status?: Status; build?: BuildId; jobs?: readonly JobId[]; limit: number },
): Promise<OpenJob[]> {
  let query = record.db
    .selectFrom('jobs')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .leftJoin('attempts', (join) =>
      join.onRef('attempts.job_id', '=', 'jobs.id').onRef('attempts.number', '=', 'jobs.attempt'),
    )
    .select([
      'jobs.id',
      'jobs.build_id',
      'jobs.name',
      'jobs.status',
      'jobs.attempt',
      'jobs.labels',
      'jobs.needs',
      'jobs.plan',
      'jobs.timeout',
      'jobs.virtual_start',
      'jobs.runner_id',
      'jobs.runner_name',
      'jobs.started_at',
      'attempts.created_at as attempt_at',
      'builds.ref',
      'builds.sha',
      'repositories.name as repo',
      'repositories.url',
      'repositories.reports',
      'repositories.removed_at',
    ])
    .select((eb) => [
      eb
        .exists(eb.selectFrom('credentials').select('repo').whereRef('credentials.repo', '=', 'builds.repo'))
        .as('has_credential'),
      eb
        .exists(
          eb
            .selectFrom('secrets')
            .select('name')
            // as the index has it
            .where(sql`coalesce(secrets.repo, '')`, '=', eb.ref('builds.repo'))
            .where('in_environment', '=', 1),
        )
        .as('has_secrets'),
    ])
    .where('jobs.finished_at', 'is', null)
    .orderBy('jobs.virtual_start')
    .orderBy('jobs.build_id')
    .limit(filter.limit);
  const isNarrow = filter.build !== undefined || filter.jobs !== undefined;
  // as an expression: SQLite would walk through all that has this status to find what is of one build
  const status = isNarrow ? sql<Status>`'' || jobs.status` : ('jobs.status' as const);
  if (filter.status !== undefined) query = query.where(status, '=', filter.status);
  if (filter.jobs !== undefined) query = query.where('jobs.id', 'in', filter.jobs);
  if (filter.build !== undefined) query = query.where('jobs.build_id', '=', Number(filter.build));
  return (await query.execute()).map((row) => ({
    id: row.id,
    build: String(row.build_id) as BuildId,
    name: row.name,
    status: row.status,
    attempt: row.attempt,
    labels: JSON.parse(row.labels) as string[],
    needs: JSON.parse(row.needs) as string[],
    plan: row.plan,
    timeout: row.timeout,
    virtualStart: row.virtual_start,
    runner: row.runner_id === null ? null : { id: row.runner_id as RunnerId, name: row.runner_name ?? '' },
    startedAt: row.started_at,
    attemptAt: row.attempt_at ?? 0,
    ref: row.ref,
    sha: row.sha,
    repo: {
      name: row.repo,
      url: row.url,
      reports: JSON.parse(row.reports) as string[],
      removed: row.removed_at !== null,
    },
    hasCredential: Boolean(row.has_credential),
    hasSecretsInEnvironment: Boolean(row.has_secrets),
  }));
}

/** A job that has not begun, for telling why. */
export interface WaitingJob {
  id: JobId;
  build: BuildId;
  number: number;
  repo: string;
  name: string;
  status: 'waiting' | 'queued';
  labels: string[];
  needs: string[];
  /** what it waits for beside its needs, where it is told */
  message: string | null;
  /** since when its current attempt is queued, or it waits for others, in milliseconds since 1970 */
  since: number;
}

/** The job that has waited the longest for a runner; where none does, the one that waits the longest for others. */
export async function oldestWaitingJob(record: Record): Promise<WaitingJob | undefined> {
  for (const status of ['queued', 'waiting'] as const) {
    const row = await record.db
      .selectFrom('jobs')
      .innerJoin('builds', 'builds.id', 'jobs.build_id')
      .leftJoin('attempts', (join) =>
        join.onRef('attempts.job_id', '=', 'jobs.id').onRef('attempts.number', '=', 'jobs.attempt'),
      )
      .select([
        'jobs.id',
        'jobs.build_id',
        'builds.number',
        'builds.repo',
        'jobs.name',
        'jobs.labels',
        'jobs.needs',
        'jobs.message',
      ])
      .select((eb) => eb.fn.coalesce('attempts.created_at', 'jobs.created_at').as('since'))
      .where('jobs.finished_at', 'is', null)
      .where('jobs.status', '=', status)
      .orderBy('since')
      .limit(1)
      .executeTakeFirst();
    if (row) {
      const { build_id: build, labels, needs, ...rest } = row;
      const lists = { labels: JSON.parse(labels) as string[], needs: JSON.parse(needs) as string[] };
      return { ...rest, ...lists, build: String(build) as BuildId, status };
    }
  }
  return undefined;
}

/** Which attempt of each job counts, which runner has begun it, its status and whether that is still open. */
export async function currentAttempts(
  record: Record,
  jobs: readonly JobId[],
): Promise<Map<JobId, { attempt: number; status: Status; open: boolean; runner: RunnerId | null }>> {
  if (jobs.length === 0) return new Map();
  const rows = await record.db
    .selectFrom('jobs')
    .select(['id', 'attempt', 'status', 'finished_at', 'runner_id'])
    .where('id', 'in', jobs)
    .execute();
  return new Map(
    rows.map(({ id, attempt, status, finished_at, runner_id }) => [
      id,
      { attempt, status, open: finished_at === null, runner: runner_id as RunnerId | null },
    ]),
  );
}

/** Names and statuses of all jobs of a build, for deciding which of them are ready. */
export async function jobStates(
  record: Record,
  build: BuildId,
): Promise<{ id: JobId; name: string; status: Status; reason: Reason | null; attempt: number; needs: string[] }[]> {
  const rows = await record.db
    .selectFrom('jobs')
    .select(['id', 'name', 'status', 'reason', 'attempt', 'needs'])
    .where('build_id', '=', Number(build))
    .orderBy('position')
    .execute();
  return rows.map((row) => ({ ...row, needs: JSON.parse(row.needs) as string[] }));
}

/**
 * Builds of which everything that is open waits, so that no outcome will move them on. There may be thousands, as in a
 * concurrency group, so that who asks again and again is given some of them by chance.
 */
export async function buildsAtRest(record: Record, limit: number): Promise<BuildId[]> {
  return waitingBuilds(record, { least: 0, most: 0 }, limit);
}

/**
 * Builds of which something waits while something else does not: the next outcome will move them on, which may take
 * hours. Some of them by chance.
 */
export async function buildsPartlyAtRest(record: Record, limit: number): Promise<BuildId[]> {
  return waitingBuilds(record, { least: 0, most: 1 }, limit);
}

/** @param busy the least and the most busy of a build's open jobs: 0 for one that waits, 1 for others */
async function waitingBuilds(record: Record, busy: { least: 0; most: 0 | 1 }, limit: number): Promise<BuildId[]> {
  // as an expression: grouping by the column itself, SQLite walks the index by build through all jobs that ever were
  const build = sql<number>`+jobs.build_id`;
  const rows = await record.db
    .selectFrom('jobs')
    .select(build.as('build_id'))
    .where('finished_at', 'is', null)
    .groupBy(build)
    .having((eb) => eb(eb.fn.min(isBusy(eb)), '=', busy.least))
    .having((eb) => eb(eb.fn.max(isBusy(eb)), '=', busy.most))
    .orderBy(sql`random()`)
    .limit(limit)
    .execute();
  return rows.map((row) => String(row.build_id) as BuildId);
}

function isBusy(eb: ExpressionBuilder<Schema, 'jobs'>) {
  return eb.case().when('status', '=', 'waiting').then(0).else(1).end();
}
