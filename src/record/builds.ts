import { sql } from 'kysely';
import { lossSentence } from '../kernel/loss-sentence.ts';
import type {
  Attempt,
  Build,
  BuildId,
  BuildSummary,
  Job,
  JobId,
  JobImage,
  PullRequest,
  Reason,
  Status,
  Step,
  StepDetails,
  TestSummary,
  Trigger,
} from '../kernel/model.ts';
import type { PullRequestDetails } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import { approvalOfBuild, approvalsOf } from './approvals.ts';
import { requestsOf } from './build-requests.ts';
import type { Database, Write } from './database.ts';
import { deploymentsOf } from './deployments.ts';
import type { AttemptRow, BuildRow, JobRow, StepRow } from './schema.ts';
import { pushes } from './series.ts';

export interface BuildFilter {
  repo?: string | undefined;
  status?: Status | undefined;
  sha?: string | undefined;
  /** only those that tell the state of their ref, see series.ts */
  ofPushes?: boolean | undefined;
  limit: number;
}

/** Builds for Volt itself, newest first; for what people search, see build-search.ts. */
export async function listBuilds(database: Database, filter: BuildFilter): Promise<BuildSummary[]> {
  let query = database.db.selectFrom('builds').selectAll().orderBy('id', 'desc').limit(filter.limit);
  if (filter.repo !== undefined) query = query.where('repo', '=', filter.repo);
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (filter.sha !== undefined) query = query.where('sha', '=', filter.sha);
  if (filter.ofPushes) query = query.where('series', '=', pushes);
  // always bounded below, so that the database uses the index for the newest builds
  return (await query.where('id', '>', 0).execute()).map(summaryOf);
}

/** Id of the newest build; undefined if there is none. */
export async function newestBuild(database: Database): Promise<BuildId | undefined> {
  const newest = database.db.selectFrom('builds').select((eb) => eb.fn.max('id').as('id'));
  const id = (await newest.executeTakeFirst())?.id;
  return id == null ? undefined : (String(id) as BuildId);
}

export async function findBuild(database: Database, id: BuildId): Promise<Build | undefined> {
  const summary = await findBuildSummary(database, id);
  return summary && withJobs(database, summary);
}

export async function withJobs(database: Database, build: BuildSummary): Promise<Build> {
  const id = Number(build.id);
  const row = await database.db.selectFrom('builds').select('body').where('id', '=', id).executeTakeFirst();
  return {
    ...build,
    body: row?.body ?? '',
    requests: await requestsOf(database, build.id),
    approval: await approvalOfBuild(database.db, id),
    jobs: await jobsOf(database, id),
  };
}

/** The mail address of the author of a build's commit, as the commit says; empty if it is not known. */
export async function authorAddress({ db }: Pick<Database, 'db'>, id: BuildId): Promise<string> {
  const row = await db.selectFrom('builds').select('author_address').where('id', '=', Number(id)).executeTakeFirst();
  return row?.author_address ?? '';
}

/** A build without its jobs. */
export async function findBuildSummary(database: Database, id: BuildId): Promise<BuildSummary | undefined> {
  const row = await database.db.selectFrom('builds').selectAll().where('id', '=', Number(id)).executeTakeFirst();
  return row && summaryOf(row);
}

/** A build without its jobs, and the name of the runner of its first job that has one. */
export type BuildNotice = BuildSummary & { runner: string | null };

/** @returns summaries of many builds, without ids that no build has */
export async function findBuildNotices(
  database: Database,
  ids: readonly BuildId[],
): Promise<Map<BuildId, BuildNotice>> {
  if (ids.length === 0) return new Map();
  const rows = await database.db
    .selectFrom('builds')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('jobs')
        .select('runner_name')
        .whereRef('jobs.build_id', '=', 'builds.id')
        .where('runner_name', 'is not', null)
        .orderBy('position')
        .limit(1)
        .as('runner'),
    )
    .where('id', 'in', ids.map(Number))
    .execute();
  return new Map(rows.map((row) => [String(row.id) as BuildId, { ...summaryOf(row), runner: row.runner }]));
}

/** All columns but the plans, which are long. */
const jobColumns = [
  ...(['id', 'name', 'workflow', 'labels', 'needs', 'status', 'reason', 'message', 'attempt', 'node'] as const),
  ...(['runner_name as runner', 'exit_code as exitCode', 'due_at', 'created_at', 'started_at', 'finished_at'] as const),
] as const;

/**
 * Groups the jobs that a matrix or a called workflow has made of one job, at the position of the first: they are recorded when
 * they are planned, which may be after many others.
 */
export function inFileOrder<J extends { id: string; node: string | null }>(jobs: J[]): J[] {
  const groups = new Map<string, J[]>();
  for (const job of jobs) {
    const { file, path } = job.node === null ? { file: '', path: job.id } : (JSON.parse(job.node) as NodePosition);
    const key = `${file} ${path.split(/[#/]/)[0]}`;
    groups.set(key, [...(groups.get(key) ?? []), job]);
  }
  return [...groups.values()].flat();
}

/** The part of a job's node in its workflow that is used here, see record/workflows.ts. */
interface NodePosition {
  file: string;
  path: string;
}

async function jobsOf(database: Database, build: number): Promise<Job[]> {
  const jobs = inFileOrder(
    await database.db.selectFrom('jobs').select(jobColumns).where('build_id', '=', build).orderBy('position').execute(),
  );
  if (jobs.length === 0) return [];
  const attempts = await database.db
    .selectFrom('attempts')
    .innerJoin('jobs', 'jobs.id', 'attempts.job_id')
    .selectAll('attempts')
    .where('jobs.build_id', '=', build)
    .execute();
  const steps = await database.db
    .selectFrom('steps')
    .innerJoin('jobs', (join) => join.onRef('jobs.id', '=', 'steps.job_id').onRef('jobs.attempt', '=', 'steps.attempt'))
    .selectAll('steps')
    .where('jobs.build_id', '=', build)
    .execute();
  const [approvals, deployments] = [await approvalsOf(database.db, build), await deploymentsOf(database.db, build)];
  const attemptsOf = byJob(attempts, (attempt) => attempt.number);
  const stepsOf = byJob(steps, (step) => step.position);
  return jobs.map(({ node: _, attempt: current, due_at, created_at, started_at, finished_at, ...job }) => ({
    ...job,
    labels: JSON.parse(job.labels) as string[],
    needs: JSON.parse(job.needs) as string[],
    deployment: deployments.get(job.id) ?? null,
    approval: approvals.get(job.id) ?? null,
    triesAgainAt: job.status === 'queued' ? isoOrNull(due_at) : null,
    attempts: attemptsOf(job.id).map((attempt, index, all) => attemptOf(attempt, all[index + 1])),
    steps: stepsOf(job.id).map(stepOf),
    ...ofAttempt(attemptsOf(job.id).find((attempt) => attempt.number === current)),
    createdAt: iso(created_at),
    startedAt: isoOrNull(started_at),
    finishedAt: isoOrNull(finished_at),
  }));
}

/** Characters of the steps of a build's jobs, except one job. */
export async function sizeOfSteps(database: Database, build: BuildId, but: JobId): Promise<number> {
  const row = await database.db
    .selectFrom('steps')
    .innerJoin('jobs', (join) => join.onRef('jobs.id', '=', 'steps.job_id').onRef('jobs.attempt', '=', 'steps.attempt'))
    .select(sql<number>`sum(length(steps.details) + length(steps.name))`.as('size'))
    .where('jobs.build_id', '=', Number(build))
    .where('jobs.id', '!=', but)
    .executeTakeFirst();
  return Number(row?.size ?? 0);
}

/** @returns the rows of a job, in the order of `position` */
function byJob<Row extends { job_id: JobId }>(rows: Row[], position: (row: Row) => number): (job: JobId) => Row[] {
  const groups = new Map<JobId, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.job_id);
    if (group) group.push(row);
    else groups.set(row.job_id, [row]);
  }
  for (const group of groups.values()) group.sort((a, b) => position(a) - position(b));
  return (job) => groups.get(job) ?? [];
}

/** What is needed to find a job's log. */
export async function findJob(
  database: Database,
  id: JobId,
): Promise<(Pick<JobRow, 'id' | 'name' | 'status' | 'attempt'> & { repo: string; build: BuildId }) | undefined> {
  const row = await database.db
    .selectFrom('jobs')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .select(['jobs.id', 'jobs.name', 'jobs.status', 'jobs.attempt', 'builds.repo', 'builds.id as build'])
    .where('jobs.id', '=', id)
    .executeTakeFirst();
  return row && { ...row, build: String(row.build) as BuildId };
}

/**
 * Final builds whose files in test_results/ are not written yet, oldest first.
 * @param after only builds newer than this one
 */
export async function unreportedBuilds(database: Database, limit: number, after?: BuildId): Promise<BuildId[]> {
  const rows = await database.db
    .selectFrom('builds')
    .select('id')
    .where('finished_at', 'is not', null)
    .where('reported_at', 'is', null)
    .where('id', '>', Number(after ?? 0))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => String(row.id) as BuildId);
}

export async function markReported(db: Write, ids: readonly BuildId[]): Promise<void> {
  await db.updateTable('builds').set({ reported_at: serverNow() }).where('id', 'in', ids.map(Number)).execute();
}

/** The number of builds in each status that is not final. */
export async function countOpenBuilds(database: Database): Promise<{ queued: number; running: number }> {
  const count = async (status: Status) => {
    const row = await database.db
      .selectFrom('builds')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('status', '=', status)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  };
  return { queued: await count('queued'), running: await count('running') };
}

export function summaryOf(row: BuildRow): BuildSummary {
  return {
    id: String(row.id) as BuildId,
    number: row.number,
    repo: row.repo,
    ref: row.ref,
    sha: row.sha,
    commitUrl: null,
    subject: row.subject,
    author: row.author,
    person: null,
    trigger: row.trigger as Trigger,
    runName: row.run_name,
    status: row.status,
    reason: row.reason as Reason | null,
    message: row.message,
    pullRequest: pullRequestOf(row),
    createdAt: iso(row.created_at),
    startedAt: isoOrNull(row.started_at),
    finishedAt: isoOrNull(row.finished_at),
    idle: row.idle,
    lastRequest: null,
  };
}

function pullRequestOf({ pull_request: number, pull_details: details }: BuildRow): PullRequest | null {
  if (number === null || details === null) return null;
  const { headRef, baseRef, same } = JSON.parse(details) as PullRequestDetails;
  return { number, head: headRef, base: baseRef, trusted: same, url: null };
}

/** What a job has of its current attempt. */
function ofAttempt({ tests = null, image = null }: Partial<AttemptRow> = {}): Pick<Job, 'tests' | 'image'> {
  return {
    tests: tests === null ? null : (JSON.parse(tests) as TestSummary),
    image: image === null ? null : (JSON.parse(image) as JobImage),
  };
}

function attemptOf(row: AttemptRow, next: AttemptRow | undefined): Attempt {
  return {
    number: row.number,
    runner: row.runner_name,
    status: row.status,
    reason: row.reason,
    message: messageOf(row, next),
    startedAt: isoOrNull(row.started_at),
    finishedAt: isoOrNull(row.finished_at),
    lostAt: isoOrNull(row.lost_at),
    noticedAt: isoOrNull(row.noticed_at),
  };
}

function messageOf({ message, started_at, lost_at, noticed_at }: AttemptRow, next: AttemptRow | undefined) {
  if (message === null || lost_at === null || noticed_at === null) return message;
  const lost = { startedAt: started_at, lostAt: lost_at, noticedAt: noticed_at };
  return lossSentence(message, lost, next && { runner: next.runner_name });
}

function stepOf(row: StepRow): Step {
  return {
    ...(JSON.parse(row.details) as StepDetails),
    name: row.name,
    status: row.status,
    exitCode: row.exit_code,
    startedAt: isoOrNull(row.started_at),
    finishedAt: isoOrNull(row.finished_at),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
