import { type BuildId, jobIdOf, type Trigger } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { type AwaitedEvent, type EventDetails, goesBehind } from '../kernel/workflow-events.ts';
import { type ApprovalMaterial, holdForApproval, letApprovedBuildOn } from './build-approvals.ts';
import { statusBegun } from './commit-statuses.ts';
import { moveCursor } from './cursors.ts';
import type { Database, Write } from './database.ts';
import { addRequest, type EventRequest, openEvents } from './event-requests.ts';
import { startTags } from './fairness.ts';
import { closeIntent } from './intents.ts';
import { insertJobs, type NewJob } from './new-jobs.ts';
import { observed } from './observed.ts';
import { type NewPullRequest, noteBuiltHead, orderSuperseded, supersedeBuilds } from './pull-requests.ts';
import { type NewSchedule, setSchedules } from './schedules.ts';
import { pushes } from './series.ts';
import { noteRuns } from './workflow-runs.ts';
import { insertWorkflows, type NewWorkflows } from './workflows.ts';

/** A job of a plan. Its needs are jobs of the same plan; one with a node waits until it is planned, see workflows.ts. */
export type PlannedJob = Omit<NewJob, 'id' | 'tag' | 'continueOnError'>;

/** What starts workflows of a repository beside its commits; those of the default branch decide. */
export interface StandingTriggers {
  schedules: NewSchedule[];
  awaited: AwaitedEvent[];
}

export interface NewBuild {
  repo: string;
  ref: string;
  sha: string;
  /** id of the commit message */
  offer: string;
  subject: string;
  /** the rest of the commit message */
  body?: string;
  author: string;
  /** mail address of the author */
  authorAddress?: string;
  committedAt: number;
  trigger: Trigger;
  message: string | null;
  /** where the ref's cursor moves from and to; null for a trigger */
  cursor: { before: { sha: string; generation: number } | null; generation: number } | null;
  intent: number | null;
  /** absent in a build of anything else */
  pullRequest?: NewPullRequest;
  jobs: PlannedJob[];
  /** a person must approve it first; its only job stands for those to come */
  approval?: ApprovalMaterial;
  workflows?: NewWorkflows;
  /** what starts workflows of the repository from this commit on; absent if that stays as it is */
  standing?: StandingTriggers;
  /** absent in builds of pushes, pull requests, schedules and requests */
  event?: EventDetails;
  /** file of the workflow that a schedule has started */
  scheduled?: string;
  /** further builds that are asked for together with this one */
  requests?: EventRequest[];
}

export type Planned =
  /** `superseded`: earlier builds of its pull request, which were ordered to end */
  | { outcome: 'made'; build: BuildId; superseded: BuildId[] }
  /** the commit message has already made its build */
  | { outcome: 'known'; build: BuildId }
  /** the cursor is not at the commit before: that one is not recorded yet, or the ref has moved on */
  | { outcome: 'out_of_turn' }
  /** the repository is no longer observed */
  | { outcome: 'unknown_repository' };

/** Records a build with its jobs, moves the cursor, sets what starts workflows, and closes the request, all or nothing. */
export async function recordPlan(database: Database, plan: NewBuild): Promise<Planned> {
  return database.write(async (db) => {
    const { known, repository, last } = await db
      .selectNoFrom((eb) => [
        eb.selectFrom('builds').select('id').where('offer', '=', plan.offer).as('known'),
        observed(db).select('name').where('name', '=', plan.repo).as('repository'),
        eb
          .selectFrom('builds')
          .select(({ fn }) => fn.max('number').as('number'))
          .where('repo', '=', plan.repo)
          .as('last'),
      ])
      .executeTakeFirstOrThrow();
    if (known !== null) return { outcome: 'known', build: String(known) as BuildId };
    if (repository === null) return { outcome: 'unknown_repository' };
    if (plan.cursor) {
      const to = { ref: plan.ref, sha: plan.sha, generation: plan.cursor.generation };
      if (!(await moveCursor(db, plan.repo, plan.cursor.before, to))) return { outcome: 'out_of_turn' };
    }
    const build = await insertBuild(db, plan, (last ?? 0) + 1);
    const head = plan.pullRequest?.activity === undefined ? plan.pullRequest : undefined;
    const superseded = head ? await replaceHead(db, build, plan, head.number) : await replaceTarget(db, build, plan);
    if (plan.workflows) await insertWorkflows(db, { build, repo: plan.repo }, plan.workflows);
    await insertJobs(db, build, await newJobs(db, build, plan));
    await noteRuns(db, Number(build));
    if (plan.approval) await holdForApproval(db, build, plan.approval);
    if (plan.standing) await setStanding(db, plan.repo, plan.standing);
    if (plan.intent !== null) await closeIntent(db, plan.intent, build);
    for (const request of plan.requests ?? []) await addRequest(db, plan.repo, request);
    await statusBegun(db, Number(build));
    return { outcome: 'made', build, superseded };
  });
}

async function setStanding(db: Write, repo: string, { schedules, awaited }: StandingTriggers): Promise<void> {
  await setSchedules(db, repo, schedules);
  await db
    .updateTable('repositories')
    .set({ awaited: JSON.stringify(awaited) })
    .where('name', '=', repo)
    .execute();
}

/** @returns earlier builds of the pull request, which were ordered to end */
async function replaceHead(
  db: Write,
  build: BuildId,
  { repo, ref, sha: head }: NewBuild,
  number: number,
): Promise<BuildId[]> {
  await noteBuiltHead(db, { repo, number, ref, head });
  return supersedeBuilds(db, { repo, number, head, build });
}

/** @returns earlier builds of `pull_request_target` for another head of the same pull request, which were ordered to end */
async function replaceTarget(db: Write, build: BuildId, { repo, event }: NewBuild): Promise<BuildId[]> {
  if (!event?.pull) return [];
  const { number, head } = event.pull;
  const open = await openEvents(db, repo);
  const earlier = open.filter(({ event: { pull } }) => pull?.number === number && pull.head !== head);
  return orderSuperseded(
    db,
    repo,
    earlier.flatMap(({ id }) => (id < Number(build) ? [id] : [])),
    head,
  );
}

/**
 * Records the jobs of a build that a person has approved.
 * @param digest of what the build would run
 * @returns whether the build still waited for them, and that is what was approved
 */
export async function recordApproved(
  database: Database,
  { build, digest }: { build: BuildId; digest: string },
  plan: NewBuild,
): Promise<boolean> {
  return database.write(async (db) => {
    if (!(await letApprovedBuildOn(db, build, digest))) return false;
    if (plan.workflows) await insertWorkflows(db, { build, repo: plan.repo }, plan.workflows);
    await insertJobs(db, build, await newJobs(db, build, plan));
    await noteRuns(db, Number(build));
    await statusBegun(db, Number(build));
    return true;
  });
}

async function insertBuild(db: Write, plan: NewBuild, number: number): Promise<BuildId> {
  const { number: pullRequest = null, ...details } = plan.pullRequest ?? {};
  const row = await db
    .insertInto('builds')
    .values({
      repo: plan.repo,
      number,
      ref: plan.ref,
      sha: plan.sha,
      offer: plan.offer,
      subject: plan.subject,
      body: plan.body ?? '',
      author: plan.author,
      author_address: plan.authorAddress ?? '',
      committed_at: plan.committedAt,
      trigger: plan.trigger,
      status: 'queued',
      message: plan.message,
      pull_request: pullRequest,
      pull_details: pullRequest === null ? null : JSON.stringify(details),
      event: plan.event === undefined ? null : JSON.stringify(plan.event),
      series: plan.event === undefined ? (plan.scheduled ?? pushes) : null,
      created_at: serverNow(),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return String(row.id) as BuildId;
}

/** The jobs with their ids; those that need no others are queued at once. */
async function newJobs(
  db: Write,
  build: BuildId,
  { repo, jobs, pullRequest, event, approval }: NewBuild,
): Promise<NewJob[]> {
  const ready = approval ? [] : jobs.filter(isReady);
  const labels = ready.map((job) => job.labels);
  const tags = await startTags(db, repo, labels, {
    isBehind: pullRequest !== undefined || (event !== undefined && goesBehind(event)),
  });
  const tagOf = new Map(ready.map((job, index) => [job, tags[index]]));
  return jobs.map((job, index) => ({ ...job, id: jobIdOf(build, index + 1), tag: tagOf.get(job) }));
}

function isReady({ needs, node }: PlannedJob): boolean {
  return needs.length === 0 && node === undefined;
}
