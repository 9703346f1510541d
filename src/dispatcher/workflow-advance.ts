import type { Config } from '../kernel/config.ts';
import { type BuildId, isFinal, type JobId, jobIdOf } from '../kernel/model.ts';
import { hostLabel, parseLabels } from '../kernel/names.ts';
import { giveWay } from '../kernel/turn.ts';
import type { StageContext } from '../queues/stage.ts';
import { enterGroup, groupsOf, leaveGroups } from '../record/concurrency.ts';
import { orderCancel } from '../record/intents.ts';
import { queueJob } from '../record/moves.ts';
import type { Record, Write } from '../record/record.ts';
import type { StartTags } from '../record/virtual-time.ts';
import { applyPlan, nameRun, openNodes, type PlanChange, type PlanState, planState } from '../record/workflows.ts';
import { announceChange } from '../redis/channels.ts';
import { listRunners } from '../redis/membership.ts';
import type { Action, Group } from '../workflow/action.ts';
import type { BuildFacts } from '../workflow/event.ts';
import type { Node, NodeState } from '../workflow/node.ts';
import { progress } from '../workflow/progress.ts';
import { runNames } from '../workflow/run-name.ts';
import { parseHostedNames } from '../workflow/runs-on.ts';
import type { BuildGraph } from '../workflow/scope.ts';
import type { Workflow } from '../workflow/workflow.ts';
import { startTags } from './fairness.ts';
import type { StoredFacts } from './workflow-build.ts';

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

/** Moves the workflows of a build on: plans the jobs whose needs are met, and says what will not run. */
export async function advanceWorkflows(context: StageContext & { record: Record }, build: BuildId): Promise<Advanced> {
  const { record } = context;
  const fleet = (await listRunners(context.access)).alive.map(({ labels }) => labels);
  for (let attempt = 1; attempt <= mostTries; attempt++) {
    const state = await planState(record, build);
    if (!state) return { others: [], queued: new Set(), cancels: false };
    const released = await releaseGroups(record, build, state);
    const others = released.filter((other) => other !== build);
    if (state.jobs.every(({ status }) => isFinal(status))) return { others, queued: new Set(), cancels: false };
    const round = new Round(context.config, build, state, fleet);
    const done = await record.write((db) => round.apply(db));
    if (!done) continue;
    await sendDecisions(context, round.actions, state);
    if (round.actions.some(({ kind }) => kind === 'place' || kind === 'queue')) {
      const status = state.revision === 0 ? 'queued' : 'running';
      await announceChange(context.access, { build, repo: state.build.repo.name, status });
    }
    // what stands for a file that cannot run has no place in a workflow, and waits only where it is retried
    const decided = state.jobs.filter(({ node, status }) => node === null && status === 'waiting').map(({ id }) => id);
    const tags: StartTags = (db, repo, jobs) => startTags(db, repo, jobs, { fleet, goesOn: true });
    for (const job of decided) await queueJob(record, job, tags);
    return { others, queued: new Set([...round.queued, ...decided]), cancels: round.cancels };
  }
  throw new Error(`the plan of build ${build} has not come to rest`);
}

/** One look at the plan of a build, and what follows from it. */
class Round {
  actions: Action<JobId>[] = [];
  /** whether jobs were told to end */
  cancels = false;
  readonly #config: Config;
  readonly #build: BuildId;
  readonly #state: PlanState;
  readonly #fleet: readonly string[][];
  readonly #graph: BuildGraph<JobId>;

  constructor(config: Config, build: BuildId, state: PlanState, fleet: readonly string[][]) {
    this.#config = config;
    this.#build = build;
    this.#state = state;
    this.#fleet = fleet;
    this.#graph = graphOf(build, state);
  }

  get queued(): Set<JobId> {
    return new Set(this.actions.flatMap(({ kind, id }) => (kind === 'queue' ? [id] : [])));
  }

  /** @returns false where another plan was applied meanwhile */
  async apply(db: Write): Promise<boolean> {
    const { repo } = this.#state.build;
    const answers = new Map<string, string | undefined>();
    // whether a group lets one in is for the record to say, so each round asks with what the one before has learned
    for (;;) {
      const wishes = this.#plan(answers);
      if (wishes.size === 0) break;
      for (const [holder, group] of wishes) answers.set(holder, await this.#enter(db, holder, group));
    }
    const changes: PlanChange[] = [];
    for (const action of this.actions) {
      await giveWay();
      changes.push(...this.#changeOf(action));
    }
    const { revision } = this.#state;
    const done = await applyPlan(db, this.#build, revision, changes, (jobs) =>
      startTags(db, repo.name, jobs, { fleet: this.#fleet, goesOn: revision > 0 }),
    );
    if (!done) return false;
    if (this.#state.revision === 0) await nameRun(db, this.#build, runNames(this.#graph).join('; '));
    for (const action of this.actions) {
      if (action.kind !== 'cancel') continue;
      const { id: job, reason, message } = action;
      this.cancels = true;
      await orderCancel(db, { repo: repo.name, build: this.#build, job, reason, message });
    }
    return true;
  }

  /** @returns the groups that are still to be asked */
  #plan(answers: ReadonlyMap<string, string | undefined>): Map<string, Group> {
    const wishes = new Map<string, Group>();
    const offered = new Set(this.#fleet.flat());
    let last = Math.max(0, ...this.#state.jobs.map(({ position }) => position));
    this.actions = progress(this.#graph, {
      timeoutMinutes: this.#config.jobTimeout,
      hosted: parseHostedNames(this.#config.hostedLabels),
      offered,
      allocate: () => jobIdOf(this.#build, ++last),
      enter: (group, holder) => {
        const name = 'file' in holder ? holder.file : holder.job;
        if (!answers.has(name)) wishes.set(name, group);
        return answers.get(name) ?? (answers.has(name) ? undefined : 'waits for its concurrency group');
      },
    });
    return wishes;
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

  #changeOf(action: Action<JobId>): PlanChange[] {
    switch (action.kind) {
      case 'place': {
        const { id, node, name, needs } = action;
        return [{ kind: 'place', id, node: JSON.stringify(node), name, needs, workflow: this.#nameOf(node) }];
      }
      case 'queue': {
        const { plan, timeoutMinutes: timeout, labels, ...job } = action.job;
        const { host } = this.#state.build.repo;
        const all = host === null ? labels : parseLabels([...labels, hostLabel(host)]);
        return [{ kind: 'queue', id: action.id, ...job, labels: all, timeout, plan: JSON.stringify(plan) }];
      }
      case 'hold': {
        const known = this.#state.jobs.find(({ id }) => id === action.id);
        return known?.message === action.message ? [] : [{ kind: 'hold', id: action.id, message: action.message }];
      }
      case 'decide':
        return [{ kind: 'needs', id: action.id, needs: action.needs }];
      default:
        return [];
    }
  }

  #nameOf({ file }: Node): string {
    return this.#graph.workflows.get(file)?.name ?? file;
  }
}

/** What the planner works on, from what is recorded. */
function graphOf(build: BuildId, state: PlanState): BuildGraph<JobId> {
  const { event, before, defaultBranch, vars } = JSON.parse(state.facts) as StoredFacts;
  const { repo, committedAt, ...rest } = state.build;
  const facts: BuildFacts = {
    ...rest,
    ...{ build, event, before, vars },
    repo: { name: repo.name, url: repo.url, defaultBranch },
    committedAt: new Date(committedAt).toISOString(),
  };
  const states = state.jobs.flatMap(({ id, node, name, status, continueOnError, outputs }): NodeState<JobId>[] =>
    node === null ? [] : [{ id, node: JSON.parse(node) as Node, name, status, continueOnError, outputs }],
  );
  const workflows = state.models.map((model) => JSON.parse(model) as Workflow);
  return { facts, workflows: new Map(workflows.map((workflow) => [workflow.path, workflow])), states };
}

async function sendDecisions(
  { queues }: StageContext,
  actions: readonly Action<JobId>[],
  { jobs }: PlanState,
): Promise<void> {
  const at = new Date().toISOString();
  for (const action of actions) {
    if (action.kind !== 'decide') continue;
    const { id: job, status, reason, message } = action;
    const attempt = jobs.find(({ id }) => id === job)?.attempt ?? 0;
    await queues.sendResult({
      v: 1,
      kind: 'decided',
      job,
      attempt,
      status,
      reason,
      message: message.slice(0, 9000),
      at,
    });
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
