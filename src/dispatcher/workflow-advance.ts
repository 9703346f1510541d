import { type BuildId, isFinal, type JobId } from '../kernel/model.ts';
import type { StageContext } from '../queues/stage.ts';
import { groupsOf, leaveGroups } from '../record/concurrency.ts';
import type { Database } from '../record/database.ts';
import { queueJob } from '../record/job-transitions.ts';
import { OutOfDate, type PlanState, type PlanStateJob, planState } from '../record/workflows.ts';
import { announceChange } from '../redis/channels.ts';
import { listRunners } from '../redis/membership.ts';
import type { DispatcherContext } from './context.ts';
import { sendDecision } from './decided-plan.ts';
import { jobsOfHolder } from './group-holders.ts';
import { type Ending, endingOf } from './planner.ts';
import { PlanningRound } from './planning-round.ts';
import type { RoundOutcome } from './round.ts';

/** How often a plan is made again because another dispatcher was faster. */
const mostTries = 20;

/** What the planning of a build's workflows has changed. */
interface Advanced {
  /** builds that may move on now */
  others: BuildId[];
  /** jobs to send */
  queued: ReadonlySet<JobId>;
  /** whether jobs of this or another build were ordered to end */
  cancels: boolean;
}

/** Moves the workflows of a build on: plans jobs whose needs are met, and decides which jobs will not run. */
export async function advanceWorkflows(context: DispatcherContext, build: BuildId): Promise<Advanced> {
  const { database } = context;
  const fleet = (await listRunners(context.access)).alive.map(({ labels }) => labels);
  let cancels = false;
  for (let attempt = 1; attempt <= mostTries; attempt++) {
    const state = await planState(database, build);
    if (!state) return { others: [], queued: new Set(), cancels };
    const released = await releaseGroups(database, build, state);
    const others = released.filter((other) => other !== build);
    if (state.jobs.every(({ status }) => isFinal(status))) return { others, queued: new Set(), cancels };
    const round = new PlanningRound(context, build, state, fleet);
    let planned: RoundOutcome;
    try {
      planned = await round.plan();
      await round.apply(planned);
    } catch (error) {
      cancels ||= round.cancels;
      if (error instanceof OutOfDate) continue;
      const ending = endingOf(error);
      if (!ending) throw error;
      await refuseWaiting(context, state.jobs, ending);
      return { others, queued: alreadyQueued(state), cancels };
    }
    cancels ||= round.cancels;
    await decide(context, planned.decided, state.jobs);
    if (planned.changes.some(({ kind }) => kind === 'expand' || kind === 'queue')) {
      const status = state.revision === 0 ? 'queued' : 'running';
      await announceChange(context.access, { build, repo: state.build.repo.name, status });
    }
    // a job that reports an invalid file has no node in a workflow, and waits only after a retry
    const decided = state.jobs.filter(({ node, status }) => node === null && status === 'waiting').map(({ id }) => id);
    for (const job of decided) await queueJob(database, job);
    return { others, queued: new Set([...planned.queued, ...decided, ...alreadyQueued(state)]), cancels };
  }
  throw new Error(`the plan of build ${build} changes all the time`);
}

/** Jobs that were taken back, and jobs that report an invalid file. They are few, so it does not matter if they are sent again. */
function alreadyQueued({ jobs }: PlanState): Set<JobId> {
  const queued = jobs.filter(({ status, node, attempt, firstAttempt }) => {
    return status === 'queued' && (node === null || attempt > firstAttempt);
  });
  return new Set(queued.map(({ id }) => id));
}

/** Ends the waiting jobs of a build that cannot be planned; running jobs go on. */
export async function refuseWaiting(
  context: Pick<StageContext, 'queues'>,
  jobs: readonly Pick<PlanStateJob, 'id' | 'status' | 'attempt'>[],
  { reason, message }: Ending,
): Promise<void> {
  const waiting = jobs.filter(({ status }) => status === 'waiting');
  const decided = waiting.map(({ id }) => ({ id, status: 'error' as const, reason, message }));
  await decide(context, decided, jobs);
}

async function decide(
  context: Pick<StageContext, 'queues'>,
  decided: RoundOutcome['decided'],
  jobs: readonly Pick<PlanStateJob, 'id' | 'attempt'>[],
): Promise<void> {
  for (const { id: job, ...decision } of decided) {
    const attempt = jobs.find(({ id }) => id === job)?.attempt ?? 0;
    await sendDecision(context, { job, attempt }, { ...decision, message: decision.message.slice(0, 9000) });
  }
}

/** Removes holders whose jobs are final from their concurrency groups. @returns the builds that may be next */
async function releaseGroups(database: Database, build: BuildId, { jobs }: PlanState): Promise<BuildId[]> {
  const groups = await groupsOf(database, build);
  const over = groups.filter(({ holder }) => jobsOfHolder(jobs, holder).every(({ status }) => isFinal(status)));
  if (over.length === 0) return [];
  return database.write((db) =>
    leaveGroups(
      db,
      over.map(({ id }) => id),
    ),
  );
}
