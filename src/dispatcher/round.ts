import { type BuildId, type FinalStatus, type JobId, jobIdOf, type Reason } from '../kernel/model.ts';
import { hostLabel, parseLabels } from '../kernel/names.ts';
import type { PlanChange, PlanState } from '../record/workflows.ts';
import type { Action, Admission, DeployAnswer, Group } from '../workflow/action.ts';
import { type BuildFacts, builtCommit } from '../workflow/event.ts';
import type { BuildGraph } from '../workflow/job-contexts.ts';
import type { Node, NodeState } from '../workflow/node.ts';
import { progress } from '../workflow/progress.ts';
import { runNames } from '../workflow/run-name.ts';
import { parseHostedNames } from '../workflow/runs-on.ts';
import type { Workflow } from '../workflow/workflow.ts';
import type { StoredFacts } from './workflow-build.ts';

/** One planning of a build. */
export interface RoundTask {
  build: BuildId;
  state: PlanState;
  /** the answer of its concurrency group to each holder that has asked */
  answers: ReadonlyMap<string, Admission>;
  /** the answer to each job that has asked to deploy */
  deployAnswers: ReadonlyMap<JobId, DeployAnswer>;
  /** the labels that each runner has */
  fleet: readonly (readonly string[])[];
  /** settings */
  jobTimeout: number;
  hostedLabels: string;
}

/** A group that a workflow, or a job of it, asks to enter. */
export interface GroupRequest extends Group {
  /** of the workflow */
  file: string;
}

/** What a planning has decided. */
export interface RoundOutcome {
  /** groups that must be asked first, by holder; if there are any, the rest is empty */
  requests: Map<string, GroupRequest>;
  /** environments that must be asked first, by job; likewise */
  deployments: Map<JobId, string>;
  changes: PlanChange[];
  decided: { id: JobId; status: FinalStatus; reason: Reason; message: string }[];
  cancels: { id: JobId; reason: Reason; message: string }[];
  queued: JobId[];
  /** name of the build by its workflows' `run-name` */
  runName: string;
}

/** Pure. It runs in the planning process, since it evaluates untrusted expressions of the commit's files. */
export function planRound(task: RoundTask): RoundOutcome {
  const { build, state, answers, deployAnswers, fleet, jobTimeout, hostedLabels } = task;
  const graph = graphOf(build, state);
  const requests = new Map<string, GroupRequest>();
  const deployments = new Map<JobId, string>();
  let last = Math.max(0, ...state.jobs.map(({ position }) => position));
  const actions = progress(graph, {
    timeoutMinutes: jobTimeout,
    hosted: parseHostedNames(hostedLabels),
    offered: new Set(fleet.flat()),
    allocate: () => jobIdOf(build, ++last),
    enter: (group, { file, job = file }) => {
      const answer = answers.get(job);
      if (!answer) requests.set(job, { ...group, file });
      return answer ?? { kind: 'waits', message: 'waits for its concurrency group' };
    },
    deploy: (environment, job) => {
      const answer = deployAnswers.get(job);
      if (!answer) deployments.set(job, environment);
      return answer ?? { kind: 'waits', message: 'waits for its environment' };
    },
  });
  const none: RoundOutcome = { requests, deployments, changes: [], decided: [], cancels: [], queued: [], runName: '' };
  if (requests.size > 0 || deployments.size > 0) return none;
  return {
    ...none,
    changes: [...actions.flatMap((action) => changesOf(action, state, graph)), ...releases(actions, state)],
    decided: actions.flatMap((action) => (action.kind === 'decide' ? [withoutPlan(action)] : [])),
    cancels: actions.flatMap((action) => (action.kind === 'cancel' ? [withoutPlan(action)] : [])),
    queued: actions.flatMap(({ kind, id }) => (kind === 'queue' ? [id] : [])),
    runName: state.revision === 0 ? runNames(graph).join('; ') : '',
  };
}

function withoutPlan<A extends Extract<Action<JobId>, { kind: 'decide' | 'cancel' }>>(action: A) {
  const { kind, ...rest } = action;
  return rest as Omit<A, 'kind'>;
}

function changesOf(action: Action<JobId>, state: PlanState, { workflows }: BuildGraph<JobId>): PlanChange[] {
  switch (action.kind) {
    case 'expand': {
      const { id, node, name, needs } = action;
      const workflow = workflows.get(node.file)?.name ?? node.file;
      return [{ kind: 'expand', id, node: JSON.stringify(node), name, needs, workflow }];
    }
    case 'queue': {
      const { plan, timeoutMinutes: timeout, labels, ...job } = action.job;
      const { host } = state.build.repo;
      const all = host === null ? labels : parseLabels([...labels, hostLabel(host)]);
      return [{ kind: 'queue', id: action.id, ...job, labels: all, timeout, plan: JSON.stringify(plan) }];
    }
    case 'hold': {
      const known = state.jobs.find(({ id }) => id === action.id);
      const { id, message, reason = null } = action;
      return known?.message === message ? [] : [{ kind: 'hold', id, message, reason }];
    }
    case 'decide':
      return [{ kind: 'needs', id: action.id, needs: action.needs }];
    default:
      return [];
  }
}

/** Jobs that waited for more than their needs, and no longer do. */
function releases(actions: readonly Action<JobId>[], { jobs }: PlanState): PlanChange[] {
  const acted = new Set(actions.map(({ id }) => id));
  const held = jobs.filter(({ id, status, message }) => status === 'waiting' && message !== null && !acted.has(id));
  return held.map(({ id }) => ({ kind: 'hold', id, message: null, reason: null }));
}

/** The planner's input, from what is recorded. */
function graphOf(build: BuildId, state: PlanState): BuildGraph<JobId> {
  const { event, before, defaultBranch, vars, forge } = JSON.parse(state.facts) as StoredFacts;
  const { repo, committedAt, ...rest } = state.build;
  const facts: BuildFacts = {
    ...rest,
    ...builtCommit(event, rest),
    ...{ build, event, before, vars, runs: state.runs },
    ...(forge && { forge }),
    repo: { name: repo.name, url: repo.url, defaultBranch },
    committedAt: new Date(committedAt).toISOString(),
  };
  const states = state.jobs.flatMap(
    ({ id, node, name, status, unwanted, continueOnError, outputs }): NodeState<JobId>[] =>
      node === null ? [] : [{ id, node: JSON.parse(node) as Node, name, status, unwanted, continueOnError, outputs }],
  );
  const workflows = state.models.map((model) => JSON.parse(model) as Workflow);
  return { facts, workflows: new Map(workflows.map((workflow) => [workflow.path, workflow])), states };
}
