import { runId } from '../kernel/workflow-events.ts';
import type { BuildFacts } from './event.ts';
import { evaluateText, type Scope } from './expression.ts';
import { githubContext } from './github-context.ts';
import { dispatchInputs } from './inputs.ts';
import { callOf, keyOf, type Node, type NodeState, type Result, resultOf, statesOf } from './node.ts';
import type { Json, JsonObject } from './template.ts';
import type { Workflow, WorkflowJob } from './workflow.ts';

/** The input of the planner for a build. */
export interface BuildGraph<Id> {
  facts: BuildFacts;
  /** by path, including called workflows */
  workflows: ReadonlyMap<string, Workflow>;
  states: NodeState<Id>[];
}

export interface NodeContexts {
  github: JsonObject;
  inputs: JsonObject;
  needs: JsonObject;
  vars: { [name: string]: string };
  matrix: JsonObject | null;
  strategy: JsonObject;
}

/** Workflow and job of a node; undefined if the files have no such job. */
export function definitionOf<Id>(
  { workflows }: Pick<BuildGraph<Id>, 'workflows'>,
  node: Node,
): { workflow: Workflow; job: WorkflowJob } | undefined {
  const workflow = workflows.get(callOf(node)?.file ?? node.file);
  const job = workflow?.jobs.find(({ id }) => id === keyOf(node.path));
  return workflow && job && { workflow, job };
}

/**
 * The contexts of a job that are known before it runs.
 * @param needs ids of the jobs that it needs, which must be final
 */
export function contextsOf<Id>(graph: BuildGraph<Id>, node: Node, needs: readonly string[]): NodeContexts {
  const { facts, workflows } = graph;
  const { cell } = node;
  const root = workflows.get(node.file);
  return {
    github: root ? githubContext(facts, root, runOf(graph, root)) : {},
    inputs: callOf(node)?.inputs ?? rootInputs(facts, root),
    needs: Object.fromEntries(needs.map((key) => [key, needOf(graph, node, key)])),
    vars: facts.vars,
    matrix: cell?.matrix ?? null,
    strategy: {
      'fail-fast': cell?.failFast ?? true,
      'job-index': cell?.index ?? 0,
      'job-total': cell?.total ?? 1,
      'max-parallel': cell?.maxParallel ?? 1,
    },
  };
}

/**
 * The id of a workflow's run: the id of the build, then the index of the workflow in three digits. There are at most 250
 * workflows: 200 files of a commit, and 50 that these call in other repositories.
 */
function runOf<Id>({ facts, workflows }: BuildGraph<Id>, { path }: Workflow): string {
  return runId(facts.build, runIndex([...workflows.keys()], path));
}

/** @param paths of all workflows of a build, those that others call included */
export function runIndex(paths: readonly string[], path: string): number {
  return paths.filter((other) => other < path).length;
}

/** Inputs of the workflow that a person has started, which were checked before. */
function rootInputs({ event }: BuildFacts, root: Workflow | undefined): JsonObject {
  if (event.name !== 'workflow_dispatch' || !root?.on.workflow_dispatch) return {};
  const read = dispatchInputs(root.on.workflow_dispatch.inputs, event.inputs);
  return 'inputs' in read ? read.inputs : {};
}

function needOf<Id>(graph: BuildGraph<Id>, node: Node, key: string): JsonObject {
  const states = statesOf(graph.states, node, key);
  return { result: resultOf(states) ?? 'skipped', outputs: outputsOf(graph, states, node, key) };
}

/**
 * Outputs of a job. For a matrix they are merged from all combinations, and the last value that is not empty counts. For a
 * call they are the outputs of the called workflow.
 */
function outputsOf<Id>(
  graph: BuildGraph<Id>,
  states: readonly NodeState<Id>[],
  node: Node,
  key: string,
): { [name: string]: string } {
  const merged: { [name: string]: string } = {};
  const called = new Map<string, Node>();
  const whole = `${node.path.slice(0, node.path.lastIndexOf('/') + 1)}${key}`;
  for (const state of states) {
    const inner = /^(#\d+)?\//.exec(state.node.path.slice(whole.length))?.[0];
    if (inner !== undefined) called.set(`${whole}${inner}`, { ...state.node, path: `${whole}${inner}` });
    else merge(merged, state.outputs);
  }
  for (const inside of called.values()) merge(merged, callOutputs(graph, inside));
  return merged;
}

/** @param inside a node in the called workflow; its path ends with the prefix of the call */
function callOutputs<Id>(graph: BuildGraph<Id>, inside: Node): { [name: string]: string } {
  const call = callOf(inside);
  const workflow = call && graph.workflows.get(call.file);
  if (!call || !workflow) return {};
  const jobs = Object.fromEntries(workflow.jobs.map(({ id }) => [id, needOf(graph, inside, id)]));
  const root = graph.workflows.get(inside.file);
  const github = root ? githubContext(graph.facts, root, runOf(graph, root)) : {};
  const scope: Scope = { contexts: { github, inputs: call.inputs, vars: graph.facts.vars, jobs } };
  const outputs = Object.entries(workflow.on.workflow_call?.outputs ?? {});
  return Object.fromEntries(outputs.map(([name, template]) => [name, evaluateText(template, scope)]));
}

function merge(into: { [name: string]: string }, outputs: { [name: string]: string }): void {
  for (const [name, value] of Object.entries(outputs)) if (value !== '' || !(name in into)) into[name] = value;
}

/**
 * The status functions such as `success()` for a job's `if`. They consider all jobs that it needs, directly or through
 * others (docs.github.com, "Status check functions").
 */
export function statusFunctions<Id>(
  graph: BuildGraph<Id>,
  node: Node,
  workflow: Workflow,
  job: WorkflowJob,
): NonNullable<Scope['functions']> {
  const results = (keys: readonly Json[]): (Result | undefined)[] => {
    const wanted = keys.length > 0 ? keys.map((key) => String(key).toLowerCase()) : undefined;
    return ancestorsOf(workflow, job)
      .filter((key) => wanted?.includes(key.toLowerCase()) ?? true)
      .map((key) => resultOf(statesOf(graph.states, node, key)));
  };
  return {
    success: (...keys) => results(keys).every((result) => result === 'success'),
    failure: (...keys) => results(keys).some((result) => result === 'failure'),
    cancelled: () => results([]).some((result) => result === 'cancelled'),
    always: () => true,
  };
}

function ancestorsOf(workflow: Workflow, job: WorkflowJob): string[] {
  const found = new Set(job.needs);
  // iterating over a set includes entries that are added during the loop
  for (const key of found) {
    for (const need of workflow.jobs.find(({ id }) => id === key)?.needs ?? []) found.add(need);
  }
  return [...found];
}
