import type { JobResult } from '../../job/surroundings.ts';
import { isFinal, type Status } from '../../kernel/model.ts';
import { type Outcome, verdictOf } from '../../record/verdict.ts';
import type { Action, ProgressSettings, ReadyJob } from '../../workflow/action.ts';
import type { BuildFacts } from '../../workflow/event.ts';
import { firstPlaces } from '../../workflow/job-name.ts';
import { keyOf, type Node, type NodeState } from '../../workflow/node.ts';
import type { WorkflowPlan } from '../../workflow/plan.ts';
import { progress } from '../../workflow/progress.ts';
import type { Workflow } from '../../workflow/workflow.ts';

/** A job of a build that runs here. */
interface LocalJob {
  id: number;
  state: NodeState<number>;
  outcome: Outcome | undefined;
  /** what it is to be run with, once it is ready */
  ready: ReadyJob | undefined;
  /** a person has asked for other jobs only */
  hidden: boolean;
}

export interface LocalBuildOptions {
  facts: BuildFacts;
  /** all of the checkout, since they call each other */
  workflows: readonly Workflow[];
  /** those that run */
  running: readonly Workflow[];
  settings: Pick<ProgressSettings<number>, 'timeoutMinutes' | 'hosted' | 'offered'>;
  /** the one job that is wanted, by its id, its name or the name of one of its combinations; it runs after those that it needs */
  job: string | undefined;
  /** values that a combination of a matrix must have */
  matrix: { readonly [name: string]: string };
  /** is told of a job that will not run */
  decided(id: number, name: string, outcome: Outcome): void;
}

/** The jobs of workflows, planned as a dispatcher plans them, without a record. */
export class LocalBuild {
  readonly #options: LocalBuildOptions;
  #jobs: LocalJob[];

  constructor(options: LocalBuildOptions) {
    this.#options = options;
    this.#jobs = options.running.flatMap((workflow) => {
      const wanted = options.job === undefined ? undefined : neededFor(workflow, options.job);
      return firstPlaces(workflow)
        .filter(({ node }) => wanted?.has(node.path) ?? true)
        .map(({ node, name }) => this.#newJob(0, node, name));
    });
    this.#jobs.forEach((job, index) => {
      job.id = index + 1;
      job.state = { ...job.state, id: job.id };
    });
    this.#advance();
  }

  get isOver(): boolean {
    return this.#jobs.every(({ state }) => isFinal(state.status));
  }

  get outcome(): Outcome {
    return verdictOf(
      this.#jobs
        .filter(({ hidden }) => !hidden)
        .map(({ state, outcome }) => ({
          reason: null,
          message: null,
          ...outcome,
          name: state.name,
          status: state.status,
          continueOnError: state.continueOnError,
        })),
    );
  }

  /** The next job that can run, which is taken for running from now on; undefined while there is none. */
  next(): { id: number; name: string; workflow: string; plan: WorkflowPlan } | undefined {
    const job = this.#jobs.find(({ state }) => state.status === 'queued');
    if (!job?.ready) return undefined;
    this.#set(job, 'running');
    return { id: job.id, name: job.state.name, workflow: job.ready.plan.workflow.name, plan: job.ready.plan };
  }

  /** @returns jobs that are to be ended because of it, with why */
  end(id: number, { outcome, outputs }: Pick<JobResult, 'outcome' | 'outputs'>): { id: number; message: string }[] {
    const job = this.#jobOf(id);
    job.outcome = outcome;
    job.state = { ...job.state, outputs };
    this.#set(job, outcome.status);
    return this.#advance();
  }

  /** Nothing more is begun. */
  cancel(outcome: Outcome): void {
    for (const job of this.#jobs)
      if (job.state.status === 'waiting' || job.state.status === 'queued') this.#decide(job, outcome);
  }

  #advance(): { id: number; message: string }[] {
    const { facts, workflows, settings } = this.#options;
    const graph = { facts, workflows: new Map(workflows.map((workflow) => [workflow.path, workflow])) };
    const cancels: { id: number; message: string }[] = [];
    for (;;) {
      let last = this.#jobs.length;
      const states = this.#jobs.map(({ state }) => state);
      const actions = progress({ ...graph, states }, { ...settings, allocate: () => ++last, enter: () => undefined });
      for (const action of actions) {
        if (action.kind === 'cancel') cancels.push({ id: action.id, message: action.message });
        else this.#apply(action);
      }
      // what was decided may let others go on
      if (!actions.some(({ kind }) => kind === 'place' || kind === 'decide')) return cancels;
    }
  }

  #apply(action: Exclude<Action<number>, { kind: 'cancel' }>): void {
    switch (action.kind) {
      case 'place': {
        const known = this.#jobs.find(({ id }) => id === action.id);
        if (known) known.state = { ...known.state, node: action.node, name: action.name };
        else this.#jobs.push(this.#newJob(action.id, action.node, action.name));
        if (!this.#isWanted(action.node)) this.#hide(this.#jobOf(action.id));
        return;
      }
      case 'queue': {
        const job = this.#jobOf(action.id);
        if (job.hidden) return;
        job.ready = action.job;
        job.state = { ...job.state, name: action.job.name, continueOnError: action.job.continueOnError };
        this.#set(job, 'queued');
        return;
      }
      case 'decide': {
        const job = this.#jobOf(action.id);
        if (!job.hidden) this.#decide(job, action);
      }
    }
  }

  #isWanted({ cell }: Node): boolean {
    const wanted = Object.entries(this.#options.matrix);
    return !cell || wanted.every(([name, value]) => !(name in cell.matrix) || String(cell.matrix[name]) === value);
  }

  #hide(job: LocalJob): void {
    job.hidden = true;
    job.outcome = { status: 'skipped', reason: null, message: null };
    this.#set(job, 'skipped');
  }

  #decide(job: LocalJob, { status, reason, message }: Outcome): void {
    job.outcome = { status, reason, message };
    this.#set(job, status);
    this.#options.decided(job.id, job.state.name, job.outcome);
  }

  #set(job: LocalJob, status: Status): void {
    job.state = { ...job.state, status };
  }

  #jobOf(id: number): LocalJob {
    const job = this.#jobs.find((one) => one.id === id);
    if (!job) throw new Error(`the build has no job ${id}`);
    return job;
  }

  #newJob(id: number, node: Node, name: string): LocalJob {
    const state: NodeState<number> = { id, node, name, status: 'waiting', continueOnError: false, outputs: {} };
    return { id, state, outcome: undefined, ready: undefined, hidden: false };
  }
}

/** Ids of a job and of those that it needs, directly or not; none where the workflow has no such job. */
function neededFor({ jobs }: Workflow, wanted: string): Set<string> {
  const named = (text: string) => text.toLowerCase() === wanted.toLowerCase();
  const found = new Set(
    jobs.filter(({ id, name }) => named(id) || (typeof name === 'string' && named(name))).map(({ id }) => id),
  );
  // a set that is walked shows what is added meanwhile
  for (const id of found) for (const need of jobs.find((job) => job.id === id)?.needs ?? []) found.add(keyOf(need));
  return found;
}
