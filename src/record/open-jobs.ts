import { sql } from 'kysely';
import type { LaterPlan } from '../kernel/later-plans.ts';
import type { AttemptRef, BuildId, JobId, Reason, RunnerId, Status } from '../kernel/model.ts';
import { type EventDetails, mayConcernStrangers } from '../kernel/workflow-events.ts';
import { parseTriedRunners, type TriedRunners } from './automatic-retries.ts';
import { testedPullRequest } from './behind.ts';
import { approvalPlan } from './build-approvals.ts';
import type { Database } from './database.ts';
import { laterPlanOf } from './later-plans.ts';
import { type Merge, mergeOf } from './pull-requests.ts';
import type { Repository } from './repositories.ts';
import { type StoredTrust, storedTrustOf } from './trust.ts';

/** A job that is not final, with all that is needed to send or watch it. */
export interface OpenJob {
  id: JobId;
  build: BuildId;
  name: string;
  status: Status;
  attempt: number;
  /** number of the first attempt since the last retry */
  firstAttempt: number;
  /** since the last retry, as far as they count towards `poison` */
  lostAttempts: number;
  labels: string[];
  needs: string[];
  plan: string;
  timeout: number;
  virtualStart: number;
  runner: { id: RunnerId; name: string } | null;
  startedAt: number | null;
  /** when its attempt may be sent at the earliest (ms since 1970); null if at once */
  dueAt: number | null;
  /** runners of the attempts after which it was tried again */
  tried: TriedRunners;
  ref: string;
  sha: string;
  /** number of the pull request whose code it runs; null for others */
  pullRequest: number | null;
  /** kind of its plan, if not every runner takes that */
  laterPlan: LaterPlan | undefined;
  /** what it runs instead of the commit; null where it runs the commit */
  merge: Merge | null;
  repo: Pick<
    Repository,
    'name' | 'url' | 'host' | 'reports' | 'filter' | 'runners' | 'env' | 'image' | 'pullRequestLabels'
  > & {
    /** it was removed, though another repository may have its name */
    removed: boolean;
  };
  /** what decides the trust class of the ref */
  storedTrust: StoredTrust;
  /** its event may be about the code of strangers, though the job runs trusted code */
  concernsStrangers: boolean;
  /** the repository is fetched with a credential of its own */
  hasCredential: boolean;
  /** the repository has secrets for jobs without a workflow */
  hasSecretsInEnvironment: boolean;
}

/**
 * Open jobs in the order in which they run.
 * @param filter all given conditions must hold; a build or a few jobs are found by index, however many are open
 */
export async function openJobs(
  database: Database,
  filter: { status?: Status; build?: BuildId; jobs?: readonly JobId[]; limit: number },
): Promise<OpenJob[]> {
  let query = database.db
    .selectFrom('jobs')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .select([
      'jobs.id',
      'jobs.build_id',
      'jobs.name',
      'jobs.status',
      'jobs.attempt',
      'jobs.first_attempt',
      'jobs.lost_attempts',
      'jobs.labels',
      'jobs.needs',
      'jobs.plan',
      'jobs.timeout',
      'jobs.virtual_start',
      'jobs.runner_id',
      'jobs.runner_name',
      'jobs.started_at',
      'jobs.due_at',
      'jobs.avoid',
      'builds.ref',
      'builds.sha',
      'builds.pull_request',
      'builds.pull_details',
      'builds.event',
      'repositories.name as repo',
      'repositories.url',
      'repositories.host',
      'repositories.reports',
      'repositories.filter',
      'repositories.runners',
      'repositories.env',
      'repositories.image',
      'repositories.pull_request_labels',
      'repositories.removed_at',
      'repositories.foreign_builds',
      'repositories.default_branch',
      'repositories.trusted_refs',
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
            // matches the index
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
  // as an expression: otherwise SQLite walks through all jobs of this status to find those of one build
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
    firstAttempt: row.first_attempt,
    lostAttempts: row.lost_attempts,
    labels: JSON.parse(row.labels) as string[],
    needs: JSON.parse(row.needs) as string[],
    plan: row.plan,
    timeout: row.timeout,
    virtualStart: row.virtual_start,
    runner: row.runner_id === null ? null : { id: row.runner_id as RunnerId, name: row.runner_name ?? '' },
    startedAt: row.started_at,
    dueAt: row.due_at,
    tried: parseTriedRunners(row.avoid),
    ref: row.ref,
    sha: row.sha,
    pullRequest: testedPullRequest(row),
    laterPlan: laterPlanOf(row.plan, row),
    merge: mergeOf(row),
    repo: {
      name: row.repo,
      url: row.url,
      host: row.host,
      reports: JSON.parse(row.reports) as string[],
      filter: row.filter,
      runners: JSON.parse(row.runners) as string[],
      env: JSON.parse(row.env) as { [name: string]: string },
      image: row.image,
      pullRequestLabels: row.pull_request_labels === null ? null : (JSON.parse(row.pull_request_labels) as string[]),
      removed: row.removed_at !== null || row.build_id <= row.foreign_builds,
    },
    storedTrust: storedTrustOf(row),
    concernsStrangers: row.event !== null && mayConcernStrangers((JSON.parse(row.event) as EventDetails).name),
    hasCredential: Boolean(row.has_credential),
    hasSecretsInEnvironment: Boolean(row.has_secrets),
  }));
}

export interface RunningAttempt extends AttemptRef {
  runner: RunnerId | undefined;
  /** a person has ended the key of its runner since */
  keyEnded: boolean;
}

export async function runningAttempts(database: Database): Promise<RunningAttempt[]> {
  const rows = await database.db
    .selectFrom('jobs')
    .leftJoin('attempts', (join) =>
      join.onRef('attempts.job_id', '=', 'jobs.id').onRef('attempts.number', '=', 'jobs.attempt'),
    )
    .leftJoin('runner_keys', 'runner_keys.public_key', 'attempts.runner_key')
    .select(['jobs.id', 'jobs.attempt', 'jobs.runner_id', 'runner_keys.removed_at'])
    .where('jobs.finished_at', 'is', null)
    .where('jobs.status', '=', 'running')
    .execute();
  return rows.map(({ id, attempt, runner_id: runner, removed_at }) => ({
    ...{ job: id, attempt },
    runner: runner === null ? undefined : (runner as RunnerId),
    keyEnded: removed_at !== null,
  }));
}

/** The current attempt of a job, the runner that has started it, the job's status and whether the job is open. */
interface CurrentAttempt {
  attempt: number;
  status: Status;
  open: boolean;
  runner: RunnerId | null;
}

/** SQLite allows at most 32,766 values in a statement. */
const lookedUpAtOnce = 2000;

export async function currentAttempts(database: Database, jobs: readonly JobId[]): Promise<Map<JobId, CurrentAttempt>> {
  const current = new Map<JobId, CurrentAttempt>();
  for (let first = 0; first < jobs.length; first += lookedUpAtOnce) {
    const rows = await database.db
      .selectFrom('jobs')
      .select(['id', 'attempt', 'status', 'finished_at', 'runner_id'])
      .where('id', 'in', jobs.slice(first, first + lookedUpAtOnce))
      .execute();
    for (const { id, attempt, status, finished_at, runner_id } of rows)
      current.set(id, { attempt, status, open: finished_at === null, runner: runner_id as RunnerId | null });
  }
  return current;
}

/**
 * The label sets (as JSON) that the queued and running jobs of a build ask for, of which only the first ones in the order
 * of its jobs.
 */
export async function firstLabelSets(database: Database, build: BuildId, most: number): Promise<Set<string>> {
  const rows = await database.db
    .selectFrom('jobs')
    .select(['labels', (eb) => eb.fn.min('position').as('first')])
    .where('build_id', '=', Number(build))
    .where(sql<Status>`'' || jobs.status`, 'in', ['queued', 'running'])
    .groupBy('labels')
    .orderBy('first')
    .limit(most)
    .execute();
  return new Set(rows.map(({ labels }) => labels));
}

/** A job of a build, to decide whether it is ready. */
interface JobStateRow {
  id: JobId;
  name: string;
  status: Status;
  reason: Reason | null;
  attempt: number;
  needs: string[];
  /** it stands for the jobs of a build that waits for approval */
  isGate: boolean;
}

/** Names and statuses of all jobs of a build, to decide which are ready. */
export async function jobStates(database: Database, build: BuildId): Promise<JobStateRow[]> {
  const rows = await database.db
    .selectFrom('jobs')
    .select(['id', 'name', 'status', 'reason', 'attempt', 'needs'])
    .select((eb) => eb('plan', '=', approvalPlan).as('gate'))
    .where('build_id', '=', Number(build))
    .orderBy('position')
    .execute();
  return rows.map(({ gate, ...row }) => ({ ...row, needs: JSON.parse(row.needs) as string[], isGate: Boolean(gate) }));
}

/**
 * Builds whose open jobs all wait, so that no outcome will move them on. There may be thousands, as in a concurrency group,
 * so each call returns a random selection.
 */
export async function buildsAtRest(database: Database, limit: number): Promise<BuildId[]> {
  return waitingBuilds(database, false, limit);
}

/**
 * Builds with waiting and other open jobs: the next outcome will move them on, which may take hours. A random selection.
 */
export async function buildsPartlyAtRest(database: Database, limit: number): Promise<BuildId[]> {
  return waitingBuilds(database, true, limit);
}

/** @param busy whether an open job of the build does not wait */
async function waitingBuilds(database: Database, busy: boolean, limit: number): Promise<BuildId[]> {
  const rows = await database.db
    .selectFrom((eb) =>
      eb
        .selectFrom('jobs')
        .select('build_id')
        .distinct()
        .where('finished_at', 'is', null)
        .where('status', '=', 'waiting')
        .as('resting'),
    )
    .select('build_id')
    .where(({ exists, not, selectFrom }) => {
      const others = exists(
        selectFrom('jobs')
          .select('id')
          .whereRef('jobs.build_id', '=', 'resting.build_id')
          .where('finished_at', 'is', null)
          // as an expression: otherwise SQLite walks through all open jobs for those of one build
          .where(sql<Status>`'' || jobs.status`, '<>', 'waiting'),
      );
      return busy ? others : not(others);
    })
    .orderBy(sql`random()`)
    .limit(limit)
    .execute();
  return rows.map((row) => String(row.build_id) as BuildId);
}
