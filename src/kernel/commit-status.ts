import type { Reason, Status, Trigger } from './model.ts';
import type { PullRequestActivity } from './pull-request.ts';
import { duration } from './times.ts';
import type { EventDetails } from './workflow-events.ts';

/** What a forge shows of a build beside its commit. Each forge has words of its own for them. */
export const commitStates = ['pending', 'success', 'failure', 'error', 'cancelled', 'skipped'] as const;
export type CommitState = (typeof commitStates)[number];

/** GitHub refuses a longer description. */
const longestDescription = 140;

/** A build, as far as its status at a forge shows it. */
export interface ReportedBuild {
  ref: string;
  trigger: Trigger;
  isPullRequest: boolean;
  /** what has happened to the pull request, where no new head started the build */
  activity?: PullRequestActivity | undefined;
  /** what has started it, see there */
  event?: EventDetails | undefined;
  /** branch that a pull request was merged into for the build, where that is not the default branch */
  otherBase?: string | undefined;
  status: Status;
  reason: Reason | null;
  message: string | null;
  startedAt: number | null;
  finishedAt: number | null;
}

type ContextPart = 'ref' | 'trigger' | 'isPullRequest' | 'activity' | 'event';

/** What the names of statuses of pull requests begin with. */
export const pullRequestContext = 'volt/pull-request';

/** Events that test the commit at which they run. Others, such as a comment, must not turn a commit red. */
const testing = ['create', 'release', 'pull_request_target'];

/**
 * The name of the status; undefined where the build has none. A branch protection rule asks for it by this name, so it depends on what the build is for only, and each
 * commit gets it, also where nothing has run.
 */
export function contextOf({
  ref,
  trigger,
  isPullRequest,
  activity,
  event,
}: Pick<ReportedBuild, ContextPart>): string | undefined {
  if (event) return contextOfEvent(event);
  // a label must not turn the status of the head's own build green
  if (activity !== undefined) return `${pullRequestContext}/${activity}`;
  if (isPullRequest) return pullRequestContext;
  if (trigger === 'schedule') return 'volt/schedule';
  return ref.startsWith('refs/tags/') ? 'volt/tag' : 'volt/push';
}

function contextOfEvent({ name, action, pull, group }: EventDetails): string | undefined {
  // a merge queue asks for the statuses that a pull request must have; where nothing has run, it must not get them
  if (group) return group.isTested ? pullRequestContext : undefined;
  if (!testing.includes(name)) return undefined;
  const isActivity = pull && action !== 'opened' && action !== 'synchronize';
  return `volt/${name.replaceAll('_', '-')}${isActivity ? `/${action}` : ''}`;
}

/**
 * The state and, in one short line, why. Where a pull request was merged into another branch than the default one, its success says so:
 * whoever makes a pull request chooses the branch on which it begins.
 */
export function commitStatusOf(build: Omit<ReportedBuild, ContextPart>): {
  state: CommitState;
  description: string;
} {
  const why = build.message ?? build.reason?.replaceAll('_', ' ') ?? '';
  switch (build.status) {
    case 'waiting':
    case 'queued':
    case 'running':
      if (build.reason === 'approval_required')
        return { state: 'pending', description: 'Waiting for approval in Volt' };
      return { state: 'pending', description: 'Volt is testing this commit' };
    case 'success':
      return { state: 'success', description: bounded(`Passed${took(build)}${mergedInto(build)}`) };
    case 'failure':
      return { state: 'failure', description: oneLine(`Failed${took(build)}`, why) };
    case 'error':
      return { state: 'error', description: oneLine('Could not be tested', why) };
    case 'cancelled':
      return { state: 'cancelled', description: oneLine('Cancelled', why) };
    case 'skipped':
      return { state: 'skipped', description: oneLine('Nothing to run', why) };
  }
}

function took({ startedAt, finishedAt }: Pick<ReportedBuild, 'startedAt' | 'finishedAt'>): string {
  return startedAt === null || finishedAt === null ? '' : ` in ${duration(finishedAt - startedAt)}`;
}

function mergedInto({ otherBase }: Pick<ReportedBuild, 'otherBase'>): string {
  return otherBase === undefined ? '' : `, merged into ${flat(otherBase)}`;
}

function oneLine(what: string, why: string): string {
  const plain = flat(why);
  return bounded(plain === '' ? what : `${what}: ${plain}`);
}

/** Messages quote commits and programs: control characters would break lines at the forge. */
function flat(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
}

function bounded(text: string): string {
  const characters = [...text];
  if (characters.length <= longestDescription) return characters.join('');
  return `${characters
    .slice(0, longestDescription - 1)
    .join('')
    .trimEnd()}…`;
}
