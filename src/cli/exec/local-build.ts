import type { JobResult } from '../../job/input-and-result.ts';
import { isFinal, type Status } from '../../kernel/model.ts';
import type { Outcome, verdictOf } from '../../kernel/verdict.ts';
import type { Action, ProgressSettings, ReadyJob } from '../../workflow/action.ts';
import type { BuildFacts } from '../../workflow/event.ts';
import { initialNodes } from '../../workflow/job-name.ts';
import type { Node, NodeState } from '../../workflow/node.ts';
import type { WorkflowPlan } from '../../workflow/plan.ts';
import { progress } from '../../workflow/progress.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import type { JobSelection } from './job-selection.ts';

/** A job of a build that runs here. */
interface LocalJob {
  id: number;
  state: NodeState<number>;
  outcome: Outcome | undefined;
  /** its labels and plan, once it is ready */
  ready: ReadyJob | undefined;
  /** a person has asked for other jobs */
  hidden: boolean;
}

export interface LocalBuildOptions {
  facts: BuildFacts;
  /** all workflows of the checkout, since they call each other */
  workflows: readonly Workflow[];
  /** the workflows that run */
  running: readonly Workflow[];
  settings: Pick<ProgressSettings<number>, 'timeoutMinutes' | 'hosted' | 'offered'>;
  selection: JobSelection;
  /** variables for all jobs; the workflow's own `env` overrides them */
  env: { readonly [name: string]: string };
  /** number of job numbers that are taken; those of this build follow */
  taken: number;
  /** called for a job that will not run */
  decided(id: number, name: string, outcome: Outcome): void;
}

/** The jobs of workflows, planned as a dispatcher plans them, without a database. */
export class LocalBuild {
  readonly #options: LocalBuildOptions;
  #jobs: LocalJob[];

  /** @throws VoltError `not_found` if a wanted job does not exist, where that is known already */
  constructor(options: LocalBuildOptions) {
    this.#options = options;
    this.#jobs = options.running.flatMap((workflow) => {
      const wanted = options.selection.idsOf(workflow);
      return initialNodes(workflow)
        .filter(({ node }) => wanted?.has(node.path) ?? true)
        .map(({ node, name }) => this.#newJob(0, node, name));
    });
    this.#jobs.forEach((job, index) => {
      job.id = options.taken + index + 1;
      job.state = { ...job.state, id: job.id };
    });
    this.#advance();
    if (!this.#jobs.some(({ state }) => state.status === 'waiting')) this.check();
  }

  /** To be called when all jobs are known. @throws VoltError `not_found` if a wanted job does not exist */
  check(): void {
    const notFound = this.#options.selection.notFoundError(this.#jobs.map(({ state }) => state.name));
    if (notFound) throw notFound;
  }

  get isOver(): boolean {
    return this.#jobs.every(({ state }) => isFinal(state.status));
  }

  /** The results of the wanted jobs. */
  get results(): Parameters<typeof verdictOf>[0] {
    return this.#jobs
      .filter(({ hidden }) => !hidden)
      .map(({ state, outcome }) => ({
        reason: null,
        message: null,
        ...outcome,
        name: state.name,
        status: state.status,
        continueOnError: state.continueOnError,
      }));
  }

  /** The next job that can run, which counts as running from now on; undefined if there is none. */
  next(): { id: number; name: string; workflow: string; labels: string[]; plan: WorkflowPlan } | undefined {
    const job = this.#jobs.find(({ state }) => state.status === 'queued');
    if (!job?.ready) return undefined;
    this.#set(job, 'running');
    const { labels } = job.ready;
    const plan = this.#planOf(job.state.node, job.ready.plan);
    return { id: job.id, name: job.state.name, workflow: plan.workflow.name, labels, plan };
  }

  /** @returns jobs that must be cancelled because of it, with the reason */
  end(id: number, { outcome, outputs }: Pick<JobResult, 'outcome' | 'outputs'>): { id: number; message: string }[] {
    const job = this.#jobOf(id);
    job.outcome = outcome;
    job.state = { ...job.state, outputs };
    this.#set(job, outcome.status);
    return this.#advance();
  }

  /** Decides all jobs that have not begun. */
  cancel(outcome: Outcome): void {
    for (const job of this.#jobs)
      if (job.state.status === 'waiting' || job.state.status === 'queued') this.#decide(job, outcome);
  }

  #planOf(node: Node, plan: WorkflowPlan): WorkflowPlan {
    const { env, selection } = this.#options;
    return {
      ...plan,
      steps: selection.stepsOf(node, plan.steps),
      env: { ...plan.env, workflow: { ...env, ...plan.env.workflow } },
    };
  }

  get #hidden(): number {
    return this.#jobs.filter(({ hidden }) => hidden).length;
  }

  #advance(): { id: number; message: string }[] {
    const { facts, workflows, settings } = this.#options;
    const graph = { facts, workflows: new Map(workflows.map((workflow) => [workflow.path, workflow])) };
    const cancels: { id: number; message: string }[] = [];
    for (;;) {
      let last = this.#options.taken + this.#jobs.length;
      const hidden = this.#hidden;
      const states = this.#jobs.map(({ state }) => state);
      const actions = progress(
        { ...graph, states },
        {
          ...{ ...settings, allocate: () => ++last, enter: () => ({ kind: 'inside' }) },
          deploy: () => ({ kind: 'allowed', vars: {} }),
        },
      );
      for (const action of actions) {
        if (action.kind === 'cancel') cancels.push({ id: action.id, message: action.message });
        else this.#apply(action);
      }
      // a decided or hidden job may let others go on
      if (!actions.some(({ kind }) => kind === 'expand' || kind === 'decide') && hidden === this.#hidden)
        return cancels;
    }
  }

  #apply(action: Exclude<Action<number>, { kind: 'cancel' }>): void {
    switch (action.kind) {
      case 'expand': {
        const known = this.#jobs.find(({ id }) => id === action.id);
        if (known) known.state = { ...known.state, node: action.node, name: action.name };
        else this.#jobs.push(this.#newJob(action.id, action.node, action.name));
        if (!this.#options.selection.includes(action.node, action.name)) this.#hide(this.#jobOf(action.id));
        return;
      }
      case 'queue': {
        const job = this.#jobOf(action.id);
        if (job.hidden) return;
        job.state = { ...job.state, name: action.job.name };
        if (!this.#options.selection.includes(job.state.node, action.job.name)) {
          this.#hide(job);
          return;
        }
        job.ready = action.job;
        job.state = { ...job.state, continueOnError: action.job.continueOnError };
        this.#set(job, 'queued');
        return;
      }
      case 'decide': {
        const job = this.#jobOf(action.id);
        if (!job.hidden) this.#decide(job, action);
      }
    }
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
