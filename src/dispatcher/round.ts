import { type BuildId, type FinalStatus, type JobId, jobIdOf, type Reason } from '../kernel/model.ts';
import { hostLabel, parseLabels } from '../kernel/names.ts';
import type { PlanChange, PlanState } from '../record/workflows.ts';
import type { Action, Admission, Group } from '../workflow/action.ts';
import type { BuildFacts } from '../workflow/event.ts';
import type { Node, NodeState } from '../workflow/node.ts';
import { progress } from '../workflow/progress.ts';
import { runNames } from '../workflow/run-name.ts';
import { parseHostedNames } from '../workflow/runs-on.ts';
import type { BuildGraph } from '../workflow/scope.ts';
import type { Workflow } from '../workflow/workflow.ts';
import type { StoredFacts } from './workflow-build.ts';

/** One look at the plan of a build. */
export interface RoundTask {
  build: BuildId;
  state: PlanState;
  /** what each holder was told by its concurrency group; who is not here has not asked */
  answers: ReadonlyMap<string, Admission>;
  /** the labels that each runner has */
  fleet: readonly (readonly string[])[];
  /** of the settings, as they are there */
  jobTimeout: number;
  hostedLabels: string;
}

/** A group that a workflow, or a job of it, asks to enter. */
export interface Wish extends Group {
  /** of the workflow */
  file: string;
}

/** What follows from it. */
export interface RoundOutcome {
  /** groups that are still to be asked, by holder; while there are any, the rest counts for nothing */
  wishes: Map<string, Wish>;
  changes: PlanChange[];
  decided: { id: JobId; status: FinalStatus; reason: Reason; message: string }[];
  cancels: { id: JobId; reason: Reason; message: string }[];
  /** jobs that are queued in it */
  queued: JobId[];
  /** what its workflows call the build */
  runName: string;
}

/** Pure: it is done where it can be ended, since it evaluates what the files of the commit say. */
export function planRound({ build, state, answers, fleet, jobTimeout, hostedLabels }: RoundTask): RoundOutcome {
  const graph = graphOf(build, state);
  const wishes = new Map<string, Wish>();
  let last = Math.max(0, ...state.jobs.map(({ position }) => position));
  const actions = progress(graph, {
    timeoutMinutes: jobTimeout,
    hosted: parseHostedNames(hostedLabels),
    offered: new Set(fleet.flat()),
    allocate: () => jobIdOf(build, ++last),
    enter: (group, { file, job = file }) => {
      const answer = answers.get(job);
      if (!answer) wishes.set(job, { ...group, file });
      return answer ?? { kind: 'waits', message: 'waits for its concurrency group' };
    },
  });
  const none: RoundOutcome = { wishes, changes: [], decided: [], cancels: [], queued: [], runName: '' };
  if (wishes.size > 0) return none;
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
    case 'place': {
      const { id, node, name, needs } = action;
      const workflow = workflows.get(node.file)?.name ?? node.file;
      return [{ kind: 'place', id, node: JSON.stringify(node), name, needs, workflow }];
    }
    case 'queue': {
      const { plan, timeoutMinutes: timeout, labels, ...job } = action.job;
      const { host } = state.build.repo;
      const all = host === null ? labels : parseLabels([...labels, hostLabel(host)]);
      return [{ kind: 'queue', id: action.id, ...job, labels: all, timeout, plan: JSON.stringify(plan) }];
    }
    case 'hold': {
      const known = state.jobs.find(({ id }) => id === action.id);
      return known?.message === action.message ? [] : [{ kind: 'hold', id: action.id, message: action.message }];
    }
    case 'decide':
      return [{ kind: 'needs', id: action.id, needs: action.needs }];
    default:
      return [];
  }
}

/** What was held, and waits for its needs alone by now. */
function releases(actions: readonly Action<JobId>[], { jobs }: PlanState): PlanChange[] {
  const acted = new Set(actions.map(({ id }) => id));
  const held = jobs.filter(({ id, status, message }) => status === 'waiting' && message !== null && !acted.has(id));
  return held.map(({ id }) => ({ kind: 'hold', id, message: null }));
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
  const states = state.jobs.flatMap(
    ({ id, node, name, status, unwanted, continueOnError, outputs }): NodeState<JobId>[] =>
      node === null ? [] : [{ id, node: JSON.parse(node) as Node, name, status, unwanted, continueOnError, outputs }],
  );
  const workflows = state.models.map((model) => JSON.parse(model) as Workflow);
  return { facts, workflows: new Map(workflows.map((workflow) => [workflow.path, workflow])), states };
}
