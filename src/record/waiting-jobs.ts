import { sql } from 'kysely';
import type { LaterPlan } from '../kernel/later-plans.ts';
import type { BuildId, JobId, Status } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database } from './database.ts';
import { laterPlanOf, planBeginning } from './later-plans.ts';
import { administrator, type Reader, readable } from './visibility.ts';

/** A job that has not started, to say why. */
export interface WaitingJob {
  id: JobId;
  build: BuildId;
  number: number;
  repo: string;
  name: string;
  status: 'waiting' | 'queued';
  labels: string[];
  needs: string[];
  /** what it waits for beside its needs, if known */
  message: string | null;
  /** since when its current attempt is queued, or it waits for other jobs, in milliseconds since 1970 */
  since: number;
  /** kind of its plan, if not every runner takes that */
  laterPlan: LaterPlan | undefined;
}

/** The job that has waited longest for a runner; if there is none, the one that has waited longest for other jobs. */
export async function oldestWaitingJob(database: Database, reader = administrator): Promise<WaitingJob | undefined> {
  return (await oldestQueued(database, reader)) ?? (await oldestOfNeeds(database, reader));
}

async function oldestQueued(database: Database, reader: Reader): Promise<WaitingJob | undefined> {
  const row = await queuedAttempts(database, reader).orderBy('since').limit(1).executeTakeFirst();
  return row && waitingJob(row, 'queued');
}

function queuedAttempts(database: Database, reader: Reader) {
  return (
    jobsOfBuilds(database, reader)
      .innerJoin('attempts', (join) =>
        join.onRef('attempts.job_id', '=', 'jobs.id').onRef('attempts.number', '=', 'jobs.attempt'),
      )
      .select('attempts.created_at as since')
      // matches the condition of the index
      .where('attempts.status', '=', sql.lit('queued'))
      // a job that is tried again waits for no runner before it is due
      .where((eb) => eb.or([eb('jobs.due_at', 'is', null), eb('jobs.due_at', '<=', serverNow())]))
  );
}

/** A job that waits for a runner, with what its repository requires of it. */
export type QueuedJob = WaitingJob & { required: string[] };

/** The jobs that have waited longest for a runner, oldest first. */
export async function longestQueued(database: Database, reader: Reader, limit: number): Promise<QueuedJob[]> {
  const rows = await queuedAttempts(database, reader)
    .leftJoin('repositories', 'repositories.name', 'builds.repo')
    .select('repositories.runners as required')
    .orderBy('since')
    .limit(limit)
    .execute();
  return rows.map(({ required, ...row }) => ({
    ...waitingJob(row, 'queued'),
    required: JSON.parse(required ?? '[]') as string[],
  }));
}

async function oldestOfNeeds(database: Database, reader: Reader): Promise<WaitingJob | undefined> {
  const row = await jobsOfBuilds(database, reader)
    .select('jobs.created_at as since')
    .where('jobs.finished_at', 'is', null)
    .where('jobs.status', '=', 'waiting')
    // that is not stuck: a person has to decide
    .where((eb) => eb.or([eb('jobs.reason', 'is', null), eb('jobs.reason', '<>', 'approval_required')]))
    .orderBy('since')
    .limit(1)
    .executeTakeFirst();
  return row && waitingJob(row, 'waiting');
}

/** How many jobs wait for a runner, and how many run. */
export async function countOpenJobs(database: Database): Promise<{ queued: number; running: number }> {
  const rows = await database.db
    .selectFrom('jobs')
    .select(['status', ({ fn }) => fn.countAll<number>().as('count')])
    .where('finished_at', 'is', null)
    .where('status', 'in', ['queued', 'running'])
    .groupBy('status')
    .execute();
  const count = (status: Status) => Number(rows.find((row) => row.status === status)?.count ?? 0);
  return { queued: count('queued'), running: count('running') };
}

/** How many jobs wait for a person's approval, and the one that has waited longest; undefined if none waits. */
export async function jobsForApproval(
  database: Database,
  reader = administrator,
): Promise<{ count: number; oldest: WaitingJob } | undefined> {
  const waiting = jobsOfBuilds(database, reader)
    .where('jobs.finished_at', 'is', null)
    .where('jobs.status', '=', 'waiting')
    .where('jobs.reason', '=', 'approval_required');
  const row = await waiting.select('jobs.created_at as since').orderBy('since').limit(1).executeTakeFirst();
  if (!row) return undefined;
  const { count } = await waiting
    .clearSelect()
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return { count: Number(count), oldest: waitingJob(row, 'waiting') };
}

function jobsOfBuilds(database: Database, reader: Reader) {
  return database.db
    .selectFrom('jobs')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .where(readable(reader, 'builds.repo'))
    .select([
      'jobs.id',
      'jobs.build_id',
      'builds.number',
      'builds.repo',
      'jobs.name',
      'jobs.labels',
      'jobs.needs',
      'jobs.message',
      'builds.pull_request',
      'builds.event',
      planBeginning.as('plan'),
    ]);
}

type Row = Awaited<ReturnType<ReturnType<typeof jobsOfBuilds>['executeTakeFirstOrThrow']>> & { since: number };

function waitingJob(
  { build_id: build, labels, needs, plan, pull_request, event, ...rest }: Row,
  status: WaitingJob['status'],
): WaitingJob {
  const lists = { labels: JSON.parse(labels) as string[], needs: JSON.parse(needs) as string[] };
  const laterPlan = laterPlanOf(plan, { pull_request, event });
  return { ...rest, ...lists, build: String(build) as BuildId, status, laterPlan };
}

/** The kinds of plans of a build's queued jobs that not every runner takes, by id. */
export async function queuedLaterPlans(database: Database, build: BuildId): Promise<Map<string, LaterPlan>> {
  const rows = await database.db
    .selectFrom('jobs')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .select(['jobs.id', 'builds.pull_request', 'builds.event', planBeginning.as('plan')])
    .where('build_id', '=', Number(build))
    .where('jobs.status', '=', 'queued')
    .execute();
  const kinds = rows.map(({ id, plan, ...build }) => [id, laterPlanOf(plan, build)] as const);
  return new Map(kinds.flatMap(([id, kind]) => (kind ? [[id, kind]] : [])));
}
