import type { CommitState } from '../kernel/commit-status.ts';
import type { Annotation, BuildId, JobId, Reason, Status, StepDetails } from '../kernel/model.ts';
import type { Database, Sql } from './database.ts';
import type { DueStatus } from './due-statuses.ts';
import { partContext, partOf } from './part-statuses.ts';

/** The most steps whose annotations are read; most steps have none. */
const mostSteps = 500;

/** A job of what a status is about. */
export interface ReportedJob {
  id: string;
  name: string;
  workflow: string | null;
  status: Status;
  reason: Reason | null;
  message: string | null;
}

/** What a forge may show of a build beside its status. */
export interface StatusDetails {
  /** ms since 1970 */
  startedAt: number | null;
  finishedAt: number | null;
  jobs: ReportedJob[];
  /** of the newest attempts */
  annotations: Annotation[];
}

/** The jobs that a status is about, which may be those of a workflow, or one. */
export async function statusDetails(
  { db }: Pick<Database, 'db'>,
  due: Pick<DueStatus, 'build' | 'context' | 'isPart'>,
  forge: string,
): Promise<StatusDetails> {
  const jobs = await meantJobs(db, due, forge);
  const times = (list: (number | null)[]) => list.filter((time) => time !== null).sort((a, b) => a - b);
  return {
    startedAt: times(jobs.map(({ started_at }) => started_at))[0] ?? null,
    finishedAt: times(jobs.map(({ finished_at }) => finished_at)).at(-1) ?? null,
    jobs: jobs.map(({ id, name, workflow, status, reason, message }) => ({
      id,
      name,
      workflow,
      status,
      reason,
      message,
    })),
    annotations: await annotationsOf(db, due.build, new Set(jobs.map(({ id }) => id))),
  };
}

/** The jobs that a status is about. */
async function meantJobs(db: Sql, due: Pick<DueStatus, 'build' | 'context' | 'isPart'>, forge: string) {
  const all = await db
    .selectFrom('jobs')
    .select(['id', 'name', 'workflow', 'status', 'reason', 'message', 'attempt', 'started_at', 'finished_at'])
    .where('build_id', '=', due.build)
    .orderBy('position')
    .execute();
  return due.isPart ? all.filter(await partFilter(db, due, forge)) : all;
}

/** A check of a build that a forge shows. */
export interface CheckOfBuild {
  build: BuildId;
  context: string;
  state: CommitState;
  isPart: boolean;
  /** that it is about */
  jobs: JobId[];
}

/** The checks of a commit that a forge shows for a repository. */
export async function checksOf(
  { db }: Pick<Database, 'db'>,
  { forge, repo, sha }: { forge: string; repo: string; sha: string },
): Promise<CheckOfBuild[]> {
  const rows = await db
    .selectFrom('commit_statuses')
    .select(['build_id', 'context', 'state', 'part'])
    .where('forge', '=', forge)
    .where('repo', '=', repo)
    .where('sha', '=', sha)
    .orderBy('id')
    .execute();
  const checks: CheckOfBuild[] = [];
  for (const { build_id: build, context, state, part } of rows) {
    const jobs = await meantJobs(db, { build, context, isPart: part === 1 }, forge);
    const about = { build: String(build) as BuildId, context, state, isPart: part === 1 };
    checks.push({ ...about, jobs: jobs.map(({ id }) => id) });
  }
  return checks;
}

async function partFilter(db: Sql, { build, context }: Pick<DueStatus, 'build' | 'context'>, forge: string) {
  const own = await db
    .selectFrom('commit_statuses')
    .innerJoin('forges', 'forges.name', 'commit_statuses.forge')
    .select(['commit_statuses.context', 'forges.report'])
    .where('commit_statuses.build_id', '=', build)
    .where('commit_statuses.forge', '=', forge)
    .where('commit_statuses.part', '=', 0)
    .executeTakeFirst();
  return (job: { name: string; workflow: string | null }) =>
    own !== undefined && partContext(own.context, partOf(job, own.report)).toLowerCase() === context.toLowerCase();
}

async function annotationsOf(db: Sql, build: number, jobs: ReadonlySet<string>): Promise<Annotation[]> {
  const rows = await db
    .selectFrom('steps')
    .innerJoin('jobs', (join) => join.onRef('jobs.id', '=', 'steps.job_id').onRef('jobs.attempt', '=', 'steps.attempt'))
    .select(['steps.job_id', 'steps.details'])
    .where('jobs.build_id', '=', build)
    .where('steps.details', 'like', '%"annotations":[{%')
    .orderBy('jobs.position')
    .orderBy('steps.position')
    .limit(mostSteps)
    .execute();
  return rows.flatMap(({ job_id, details }) =>
    jobs.has(job_id) ? (JSON.parse(details) as StepDetails).annotations : [],
  );
}
