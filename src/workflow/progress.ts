import { errorText, VoltError } from '../kernel/errors.ts';
import type { FinalStatus, Reason } from '../kernel/model.ts';
import type { Action, Admission, DeployAnswer, ProgressSettings } from './action.ts';
import { callInputs } from './call-inputs.ts';
import { namingFor } from './call-naming.ts';
import { groupOf } from './concurrency.ts';
import { deploymentOf } from './environment.ts';
import { evaluateValue } from './evaluate-value.ts';
import { evaluateBoolean, evaluateCondition, evaluateNumber, evaluateText, type Scope } from './expression.ts';
import { type BuildGraph, contextsOf, definitionOf, type NodeContexts, statusFunctions } from './job-contexts.ts';
import { earlyName, jobName } from './job-name.ts';
import { jobPlan } from './job-plan.ts';
import { expandMatrix } from './matrix.ts';
import { cancelledByFailFast, reachedMaxParallel } from './matrix-rules.ts';
import {
  type Cell,
  callingNode,
  callOf,
  type Node,
  type NodeState,
  permissionsOf,
  resultOf,
  statesOf,
} from './node.ts';
import { hostedNamesIn, labelsOf } from './runs-on.ts';
import { asWritten } from './status-condition.ts';
import { type EvaluatedStrategy, strategyOf } from './strategy.ts';
import type { CallJob, Concurrency, StepsJob, Workflow, WorkflowJob } from './workflow.ts';

/**
 * Plans the next actions of a build's workflows from the states of all jobs. It is called whenever something has
 * happened, and returns the same actions again until they are done.
 * @throws TooManyJobs
 */
export function progress<Id>(graph: BuildGraph<Id>, settings: ProgressSettings<Id>): Action<Id>[] {
  return new Progress(graph, settings).run();
}

/** The most jobs of a build, over all its workflows. */
export const mostJobs = 1000;

/** The build would have too many jobs; the actions of this round do not count. */
export class TooManyJobs extends VoltError {
  constructor() {
    super('too_large', `the build has more than ${mostJobs} jobs, including matrices and called workflows`, {
      remedy: 'Make the matrices smaller, or call fewer workflows from them.',
    });
  }
}

/** Names of GitHub's machines. A job for one that no runner provides would wait for ever. */
const hostedElsewhere = /^(windows|macos|ubuntu)-(latest|[0-9])/;

class Progress<Id> {
  readonly #graph: BuildGraph<Id>;
  readonly #settings: ProgressSettings<Id>;
  readonly #actions: Action<Id>[] = [];
  /** ids of jobs that this round has decided, queued or cancelled */
  readonly #settled = new Set<Id>();

  constructor(graph: BuildGraph<Id>, settings: ProgressSettings<Id>) {
    this.#graph = { ...graph, states: [...graph.states] };
    this.#settings = settings;
  }

  run(): Action<Id>[] {
    this.#failFast();
    const files = new Set(this.#graph.states.map(({ node }) => node.file));
    for (const file of files) if (this.#enterWorkflow(file)) this.#advanceWorkflow(file);
    return this.#actions;
  }

  #advanceWorkflow(file: string): void {
    const waiting = this.#waiting(file);
    // nodes of an expansion are advanced as well
    for (const state of waiting) {
      if (this.#settled.has(state.id)) continue;
      try {
        waiting.push(...this.#advanceJob(state));
      } catch (error) {
        if (error instanceof TooManyJobs) throw error;
        this.#refuse(state, errorText(error));
      }
    }
  }

  #waiting(file: string): NodeState<Id>[] {
    return this.#graph.states.filter(
      ({ node, status, unwanted }) => node.file === file && status === 'waiting' && !unwanted,
    );
  }

  /** Whether the concurrency group lets the workflow start. */
  #enterWorkflow(file: string): boolean {
    const workflow = this.#graph.workflows.get(file);
    if (!workflow?.concurrency) return true;
    if (this.#waiting(file).length === 0) return false;
    try {
      const scope = { contexts: contextsOf(this.#graph, { file, path: '' }, []) };
      const admission = this.#enter(workflow.concurrency, scope, { file });
      if (admission.kind === 'inside') return true;
      for (const state of this.#waiting(file)) this.#keepOut(state, admission);
    } catch (error) {
      for (const state of this.#waiting(file)) this.#refuse(state, `\`concurrency\`: ${errorText(error)}`);
    }
    return false;
  }

  #enter(concurrency: Concurrency, scope: Scope, holder: { file: string; job?: Id }): Admission {
    const group = groupOf(concurrency, scope);
    return group.name === '' ? { kind: 'inside' } : this.#settings.enter(group, holder);
  }

  #keepOut(
    state: NodeState<Id>,
    admission: Exclude<Admission, { kind: 'inside' }> | Exclude<DeployAnswer, { kind: 'allowed' | 'apart' }>,
  ): void {
    if (admission.kind === 'waits') this.#actions.push({ ...admission, kind: 'hold', id: state.id });
    else this.#decide(state, admission.status, admission.reason, admission.message);
  }

  /** @returns the nodes that the job was expanded to, which are to be advanced now */
  #advanceJob(state: NodeState<Id>): NodeState<Id>[] {
    const definition = definitionOf(this.#graph, state.node);
    if (!definition) throw new Error('the workflow no longer has this job');
    const { workflow, job } = definition;
    const needed = job.needs.map((key) => ({ key, states: statesOf(this.#graph.states, state.node, key) }));
    if (needed.some(({ states }) => resultOf(states) === undefined)) return [];
    const contexts = contextsOf(this.#graph, state.node, job.needs);
    const functions = statusFunctions(this.#graph, state.node, workflow, job);
    if (!evaluateCondition(job.if, { contexts, functions })) {
      this.#skip(state, job, needed);
      return [];
    }
    if (job.unsupported !== undefined) {
      this.#decide(state, 'error', 'unsupported', job.unsupported);
      return [];
    }
    const strategy = job.strategy && !state.node.cell ? strategyOf(job.strategy, { contexts }) : undefined;
    if (strategy?.matrix !== undefined) return this.#expandMatrix(state, job, strategy);
    if (job.kind === 'call') return this.#expandCall(state, workflow, job, contexts);
    this.#queue(state, workflow, job, contexts);
    return [];
  }

  #skip(state: NodeState<Id>, job: WorkflowJob, needed: { key: string; states: readonly NodeState<Id>[] }[]): void {
    const because = needed.filter(({ states }) => resultOf(states) !== 'success').map(({ key }) => key);
    if (because.length > 0) this.#decide(state, 'skipped', 'needs_failed', `${because.join(', ')} did not succeed`);
    else this.#decide(state, 'skipped', 'condition', `its condition is false: ${asWritten(job.if)}`);
  }

  #expandMatrix(
    state: NodeState<Id>,
    job: WorkflowJob,
    { matrix = null, failFast, maxParallel }: EvaluatedStrategy,
  ): NodeState<Id>[] {
    const combinations = expandMatrix(matrix);
    this.#makeRoom(combinations.length);
    const shared = {
      total: combinations.length,
      failFast,
      // as on GitHub, 0 means no limit
      maxParallel: maxParallel === undefined || maxParallel <= 0 ? combinations.length : maxParallel,
    };
    return this.#expandInto(
      state,
      combinations.map((combination, index) => {
        const cell: Cell = { index, ...shared, ...combination };
        const node = { ...state.node, path: `${state.node.path}#${index}`, cell };
        return { node, name: this.#nameOf(node, job, contextsOf(this.#graph, node, job.needs)) };
      }),
    );
  }

  #expandCall(state: NodeState<Id>, workflow: Workflow, job: CallJob, contexts: NodeContexts): NodeState<Id>[] {
    const called = this.#graph.workflows.get(job.uses);
    const face = called?.on.workflow_call;
    if (!called || !face) throw new Error(`${job.uses} cannot be called`);
    this.#makeRoom(called.jobs.length);
    const scope = { contexts };
    const given = Object.fromEntries(job.with.map(([name, value]) => [name, evaluateValue(value, scope)]));
    const outer = callOf(state.node);
    const { cell } = state.node;
    const permissions = permissionsOf(state.node, workflow, job);
    const naming = namingFor(job, { from: workflow.source, to: called.source }, contexts);
    const call = {
      file: called.path,
      name: this.#nameOf(state.node, job, contexts),
      ...(cell && { cell: { failFast: cell.failFast, maxParallel: cell.maxParallel, total: cell.total } }),
      inputs: callInputs(face.inputs, given, { contexts: { github: contexts.github, vars: contexts.vars } }),
      secrets: [...(outer?.secrets ?? []), ...(naming ? [naming] : [])],
      ...(permissions && { permissions }),
    };
    const inside = { file: state.node.file, calls: [...(state.node.calls ?? []), call] };
    return this.#expandInto(
      state,
      called.jobs.map((inner) => {
        const node: Node = { ...inside, path: `${state.node.path}/${inner.id}` };
        return { node, name: earlyName(node, inner) };
      }),
    );
  }

  #queue(state: NodeState<Id>, workflow: Workflow, job: StepsJob, contexts: NodeContexts): void {
    const scope: Scope = { contexts };
    const bound = reachedMaxParallel(this.#graph.states, state.node);
    if (bound !== undefined) {
      this.#actions.push({
        kind: 'hold',
        id: state.id,
        message: `max-parallel: at most ${bound} ${bound === 1 ? 'job' : 'jobs'} of its matrix can run at the same time`,
      });
      return;
    }
    const labels = labelsOf(job.runsOn, scope, this.#settings.hosted);
    const foreign = labels.find((label) => hostedElsewhere.test(label) && !this.#settings.offered.has(label));
    if (foreign !== undefined) {
      const remedy = 'Start one with this label, or map it in VOLT_HOSTED_LABELS';
      this.#decide(state, 'skipped', 'no_runner', `no runner provides "${foreign}". ${remedy}`);
      return;
    }
    const timeoutMinutes =
      job.timeoutMinutes === undefined ? this.#settings.timeoutMinutes : evaluateNumber(job.timeoutMinutes, scope);
    if (!(timeoutMinutes > 0)) throw new Error(`timeout-minutes must be more than 0, not ${timeoutMinutes}`);
    const continueOnError = evaluateBoolean(job.continueOnError, scope);
    // before its concurrency group, which others can enter while a person decides
    const deployment = job.environment && deploymentOf(job.environment, scope);
    const answer = deployment && this.#settings.deploy(deployment.name, state.id);
    if (answer && answer.kind !== 'allowed' && answer.kind !== 'apart') {
      this.#keepOut(state, answer);
      return;
    }
    if (job.concurrency) {
      const admission = this.#enter(job.concurrency, scope, { file: state.node.file, job: state.id });
      if (admission.kind !== 'inside') {
        this.#keepOut(state, admission);
        return;
      }
    }
    const root = this.#graph.workflows.get(state.node.file) ?? workflow;
    const runsOn = hostedNamesIn(job.runsOn, scope, this.#settings.hosted);
    const own = answer?.kind === 'allowed' ? { ...contexts, vars: { ...contexts.vars, ...answer.vars } } : contexts;
    const planned = jobPlan(root, workflow, { job, deployment }, state.node, own, timeoutMinutes);
    const plan = runsOn.length === 0 ? planned : { ...planned, runsOn };
    const name = this.#nameOf(state.node, job, contexts);
    const needs = this.#needNames(state.node, job);
    this.#actions.push({
      kind: 'queue',
      id: state.id,
      job: { name, labels, needs, plan, timeoutMinutes, continueOnError },
    });
    this.#update(state, { ...state, name, status: 'queued', continueOnError });
  }

  #failFast(): void {
    for (const { state, because } of cancelledByFailFast(this.#graph.states)) {
      if (state.unwanted) continue;
      const message = `${because.name} failed, and fail-fast cancels the rest of the matrix`;
      if (state.status === 'waiting') this.#decide(state, 'cancelled', 'fail_fast', message);
      else this.#actions.push({ kind: 'cancel', id: state.id, reason: 'fail_fast', message });
    }
  }

  /** Counts the jobs before any are made, since each of them may call a workflow, and so on. */
  #makeRoom(added: number): void {
    if (this.#graph.states.length - 1 + added > mostJobs) throw new TooManyJobs();
  }

  /** Replaces one job by several: the first keeps its id, the others are new. */
  #expandInto(state: NodeState<Id>, into: { node: Node; name: string }[]): NodeState<Id>[] {
    const expanded = into.map(({ node, name }, index) => {
      const id = index === 0 ? state.id : this.#settings.allocate();
      const job = definitionOf(this.#graph, node)?.job;
      this.#actions.push({ kind: 'expand', id, node, name, needs: job ? this.#needNames(node, job) : [] });
      return { ...state, id, node, name, continueOnError: false, outputs: {} };
    });
    const at = this.#graph.states.findIndex(({ id }) => id === state.id);
    this.#graph.states.splice(at, 1, ...expanded);
    return expanded;
  }

  #needNames(node: Node, job: WorkflowJob): string[] {
    const needs = job.needs.flatMap((key) => statesOf(this.#graph.states, node, key).map(({ name }) => name));
    // the first jobs of a called workflow depend on the needs of the call
    const call = callingNode(node);
    const calling = needs.length === 0 && call ? definitionOf(this.#graph, call) : undefined;
    return call && calling ? this.#needNames(call, calling.job) : needs;
  }

  #nameOf(node: Node, job: WorkflowJob, contexts: NodeContexts): string {
    return jobName(node, job, job.name === undefined ? undefined : evaluateText(job.name, { contexts }));
  }

  #refuse(state: NodeState<Id>, why: string): void {
    const definition = definitionOf(this.#graph, state.node);
    const location =
      definition && `${definition.workflow.path}:${definition.job.location.line}:${definition.job.location.column}: `;
    this.#decide(state, 'error', 'invalid_workflow', `${location ?? ''}${why}`);
  }

  #decide(state: NodeState<Id>, status: FinalStatus, reason: Reason, message: string): void {
    this.#settled.add(state.id);
    const job = definitionOf(this.#graph, state.node)?.job;
    const needs = job ? this.#needNames(state.node, job) : [];
    this.#actions.push({ kind: 'decide', id: state.id, status, reason, message, needs });
  }

  #update(state: NodeState<Id>, next: NodeState<Id>): void {
    const at = this.#graph.states.findIndex(({ id }) => id === state.id);
    this.#graph.states[at] = next;
  }
}
