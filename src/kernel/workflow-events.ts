/** Events of a forge that only its webhook tells of, in GitHub's words. Their jobs run what the branches and tags have. */
export const toldEvents = ['issues', 'issue_comment', 'release'] as const;
export type ToldEvent = (typeof toldEvents)[number];

/** Events that git itself shows: a branch or tag was made or deleted. */
export const refEvents = ['create', 'delete'] as const;

/** An event for which a workflow of the default branch waits. */
export interface AwaitedEvent {
  event: string;
  /** absent if every activity type counts */
  types?: string[];
  /** of `workflow_run`: names of workflows; absent for all */
  workflows?: string[];
}

/**
 * What is stored of the event that has started a build, other than a push, a pull request, a schedule, or a request to run what a push
 * runs. Such a build says nothing about its branch.
 */
export interface EventDetails {
  /** GitHub's name of it */
  name: string;
  /** its activity type; null if it has none */
  action: string | null;
  /** the pull request that it is about, of which the default branch runs its own workflows */
  pull?: TargetedPullRequest;
  /** of `workflow_run`: what has run */
  run?: Pick<WorkflowRun, 'depth' | 'isByStranger'>;
  /** of `merge_group`: the newest pull request in it, and whether anything runs for it */
  group?: { number: number; isTested: boolean };
}

/** Phases of a workflow's run, in GitHub's words. */
export const runPhases = ['requested', 'in_progress', 'completed'] as const;
export type RunPhase = (typeof runPhases)[number];

/** A run of a workflow in a build, of which others may wait: the event `workflow_run`. */
export interface WorkflowRun {
  id: string;
  /** counts the runs of the workflow's file, from 1 */
  number: number;
  /** counts its retries, from 1 */
  attempt: number;
  name: string;
  /** of its file */
  path: string;
  /** GitHub's name of the event that has started it */
  event: string;
  /** null until it is completed */
  conclusion: string | null;
  ref: string;
  sha: string;
  /** branch of the repository; null for a tag, and for a fork's */
  branch: string | null;
  /** number of its pull request; null for others */
  pullRequest: number | null;
  subject: string;
  author: string;
  /** ISO 8601 */
  committedAt: string;
  /** how many runs have started one another, up to this one */
  depth: number;
  /** whether a stranger may have caused it */
  isByStranger: boolean;
}

/** Runs that can start one another, as on GitHub. */
export const deepestRuns = 3;

/** A pull request of which workflows of the default branch run: the event `pull_request_target`. */
export interface TargetedPullRequest {
  number: number;
  /** full name of the ref of its head, and the commit */
  ref: string;
  head: string;
  /** branch of the repository at the same commit; null where there is none */
  headRef: string | null;
}

/** Events that anybody may cause who may comment or make a pull request. */
export const eventsOfStrangers = ['issues', 'issue_comment', 'pull_request_target'];

/**
 * Whether strangers may cause builds of an event: these run trusted code, but they are limited in number, and jobs of branches go
 * first.
 */
export function isOfStrangers(event: string): boolean {
  return eventsOfStrangers.includes(event);
}

/** The same of a build that an event has started. */
export function isByStranger({ name, run }: EventDetails): boolean {
  return isOfStrangers(name) || run?.isByStranger === true;
}

/** Whether the jobs of a build that an event has started let those of branches go first. */
export function goesBehind(event: EventDetails): boolean {
  return isByStranger(event) || event.group !== undefined;
}

/** Whether an event may be about the code of strangers, which jobs with the rights of the default branch must not run. */
export function mayConcernStrangers(event: string): boolean {
  return isOfStrangers(event) || event === 'workflow_run';
}

/**
 * @param action null if the event has no activity types
 * @param workflow name of the workflow that has run, for `workflow_run`
 */
export function isAwaited(
  awaited: readonly AwaitedEvent[],
  event: string,
  action: string | null,
  workflow?: string,
): boolean {
  return awaited.some(({ event: name, types, workflows }) => {
    if (name !== event || (action !== null && types && !types.includes(action))) return false;
    return workflow === undefined || !workflows || workflows.includes(workflow);
  });
}

/** The id of a workflow's run: that of the build, and the index of the workflow in it. */
export function runId(build: string, index: number): string {
  return `${build}${String(index).padStart(3, '0')}`;
}
