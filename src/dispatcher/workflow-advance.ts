import { type BuildId, isFinal, type JobId } from '../kernel/model.ts';
import type { StageContext } from '../queues/stage.ts';
import { enterGroup, groupsOf, leaveGroups } from '../record/concurrency.ts';
import { orderCancel } from '../record/intents.ts';
import { queueJob } from '../record/moves.ts';
import type { Record, Write } from '../record/record.ts';
import type { StartTags } from '../record/virtual-time.ts';
import {
  applyPlan,
  isCurrent,
  nameRun,
  openNodes,
  type PlanState,
  type PlanStateJob,
  planState,
} from '../record/workflows.ts';
import { announceChange } from '../redis/channels.ts';
import { listRunners } from '../redis/membership.ts';
import type { Group } from '../workflow/action.ts';
import type { Node } from '../workflow/node.ts';
import { startTags } from './fairness.ts';
import { type Ending, endingOf, planner } from './planner.ts';
import type { RoundOutcome } from './round.ts';

/** A plan is looked at again after another dispatcher has been faster, this often at most. */
const mostTries = 20;

/** What has come of a look at a build's workflows. */
interface Advanced {
  /** builds that are to be looked at now */
  others: BuildId[];
  /** jobs that are queued since */
  queued: ReadonlySet<JobId>;
  /** whether jobs were told to end, of this build or another */
  cancels: boolean;
}

type Context = StageContext & { record: Record };

/** Moves the workflows of a build on: plans the jobs whose needs are met, and says what will not run. */
export async function advanceWorkflows(context: Context, build: BuildId): Promise<Advanced> {
  const { record } = context;
  const fleet = (await listRunners(context.access)).alive.map(({ labels }) => labels);
  let cancels = false;
  for (let attempt = 1; attempt <= mostTries; attempt++) {
    const state = await planState(record, build);
    if (!state) return { others: [], queued: new Set(), cancels };
    const released = await releaseGroups(record, build, state);
    const others = released.filter((other) => other !== build);
    if (state.jobs.every(({ status }) => isFinal(status))) return { others, queued: new Set(), cancels };
    const round = new Round(context, build, state, fleet);
    let planned: RoundOutcome | undefined;
    try {
      planned = await round.plan();
      if (planned && !(await round.apply(planned))) planned = undefined;
    } catch (error) {
      const ending = endingOf(error);
      if (!ending) throw error;
      await refuseWaiting(context, state.jobs, ending);
      return { others, queued: new Set(), cancels: cancels || round.cancels };
    }
    cancels ||= round.cancels;
    if (!planned) continue;
    await sendDecided(context, planned.decided, state.jobs);
    if (planned.changes.some(({ kind }) => kind === 'place' || kind === 'queue')) {
      const status = state.revision === 0 ? 'queued' : 'running';
      await announceChange(context.access, { build, repo: state.build.repo.name, status });
    }
    // what stands for a file that cannot run has no place in a workflow, and waits only where it is retried
    const decided = state.jobs.filter(({ node, status }) => node === null && status === 'waiting').map(({ id }) => id);
    const tags: StartTags = (db, repo, jobs) => startTags(db, repo, jobs, { fleet, goesOn: true });
    for (const job of decided) await queueJob(record, job, tags);
    return { others, queued: new Set([...planned.queued, ...decided]), cancels };
  }
  throw new Error(`the plan of build ${build} has not come to rest`);
}

/** Ends what waits in a build that nothing can be planned of; what runs goes on to its end. */
export async function refuseWaiting(
  context: Pick<StageContext, 'queues'>,
  jobs: readonly Pick<PlanStateJob, 'id' | 'status' | 'attempt'>[],
  { reason, message }: Ending,
): Promise<void> {
  const waiting = jobs.filter(({ status }) => status === 'waiting');
  const decided = waiting.map(({ id }) => ({ id, status: 'error' as const, reason, message }));
  await sendDecided(context, decided, jobs);
}

/** One look at the plan of a build, and what follows from it. */
class Round {
  /** whether jobs were told to end */
  cancels = false;
  readonly #context: Context;
  readonly #build: BuildId;
  readonly #state: PlanState;
  readonly #fleet: readonly string[][];

  constructor(context: Context, build: BuildId, state: PlanState, fleet: readonly string[][]) {
    this.#context = context;
    this.#build = build;
    this.#state = state;
    this.#fleet = fleet;
  }

  /**
   * Whether a group lets one in is for the record to say, so it is planned anew with each answer; no transaction is open
   * while that takes its time.
   * @returns undefined where another plan was applied meanwhile
   */
  async plan(): Promise<RoundOutcome | undefined> {
    const { record, config } = this.#context;
    const { jobTimeout, hostedLabels } = config;
    const answers = new Map<string, string | undefined>();
    for (;;) {
      const [build, state, fleet] = [this.#build, this.#state, this.#fleet];
      const planned = await planner.round({ build, state, answers, fleet, jobTimeout, hostedLabels });
      if (planned.wishes.size === 0) return planned;
      const entered = await record.write(async (db) => {
        if (!(await isCurrent(db, build, state.revision))) return false;
        for (const [holder, group] of planned.wishes) answers.set(holder, await this.#enter(db, holder, group));
        return true;
      });
      if (!entered) return undefined;
    }
  }

  /** @returns false where another plan was applied meanwhile */
  async apply({ changes, cancels, runName }: RoundOutcome): Promise<boolean> {
    const { revision, build } = this.#state;
    const repo = build.repo.name;
    const done = await this.#context.record.write(async (db) => {
      const applied = await applyPlan(db, this.#build, revision, changes, (jobs) =>
        startTags(db, repo, jobs, { fleet: this.#fleet, goesOn: revision > 0 }),
      );
      if (!applied) return false;
      await nameRun(db, this.#build, runName);
      for (const { id: job, reason, message } of cancels)
        await orderCancel(db, { repo, build: this.#build, job, reason, message });
      return true;
    });
    if (done && cancels.length > 0) this.cancels = true;
    return done;
  }

  /** @returns what it waits for */
  async #enter(db: Write, holder: string, group: Group): Promise<string | undefined> {
    const { repo } = this.#state.build;
    const me = { build: this.#build, holder };
    const entry = await enterGroup(db, repo.name, group.name.toLowerCase(), me, group.cancelInProgress);
    const message = `build ${this.#build} took its place in the concurrency group "${group.name}"`;
    for (const { build, holder: other } of entry.superseded) {
      for (const job of await jobsOfHolder(db, build, other)) {
        this.cancels = true;
        await orderCancel(db, { repo: repo.name, build, job, reason: 'superseded', message });
      }
    }
    if (entry.inside) return undefined;
    const by = entry.heldBy === null ? '' : `, which build ${entry.heldBy} is in`;
    return `waits for the concurrency group "${group.name}"${by}`;
  }
}

async function sendDecided(
  { queues }: Pick<StageContext, 'queues'>,
  decided: RoundOutcome['decided'],
  jobs: readonly Pick<PlanStateJob, 'id' | 'attempt'>[],
): Promise<void> {
  const at = new Date().toISOString();
  for (const { id: job, status, reason, message } of decided) {
    const attempt = jobs.find(({ id }) => id === job)?.attempt ?? 0;
    const text = message.slice(0, 9000);
    await queues.sendResult({ v: 1, kind: 'decided', job, attempt, status, reason, message: text, at });
  }
}

/** Takes what is over out of its concurrency groups. @returns the builds that may be next */
async function releaseGroups(record: Record, build: BuildId, { jobs }: PlanState): Promise<BuildId[]> {
  const groups = await groupsOf(record, build);
  const over = groups.filter(({ holder }) =>
    jobs.filter((job) => job.id === holder || isOf(job.node, holder)).every(({ status }) => isFinal(status)),
  );
  if (over.length === 0) return [];
  return record.write((db) =>
    leaveGroups(
      db,
      over.map(({ id }) => id),
    ),
  );
}

function isOf(node: string | null, file: string): boolean {
  return node !== null && (JSON.parse(node) as Node).file === file;
}

/** The open jobs that a holder of a concurrency group stands for: a job, or all of a workflow. */
async function jobsOfHolder(db: Write, build: BuildId, holder: string): Promise<JobId[]> {
  const open = await openNodes(db, build);
  return open.filter(({ id, node }) => id === holder || isOf(node, holder)).map(({ id }) => id);
}
