import type { Config } from '../kernel/config.ts';
import { hostLabel } from '../kernel/names.ts';
import { type EventDetails, isAwaited } from '../kernel/workflow-events.ts';
import type { BuildEvent, CommitMessage, Plan } from '../queues/messages.ts';
import { messageIds } from '../queues/names.ts';
import { refEvent } from '../queues/ref-event.ts';
import { approvalPlan } from '../record/build-approvals.ts';
import type { EventRequest } from '../record/event-requests.ts';
import type { NewBuild } from '../record/plans.ts';
import type { NewPullRequest } from '../record/pull-requests.ts';
import type { ObservedRepository, Repository } from '../record/repositories.ts';
import type { DecidedPlan } from './decided-plan.ts';

/** Files in conflict that a message names. */
const mostNamed = 10;

/** The part of a build that comes from the commit's files. */
export type PlannedWorkflows = Partial<Pick<NewBuild, 'jobs' | 'workflows' | 'standing'>> & {
  /** none of its workflows runs for what has happened */
  nothingRuns?: boolean;
};

/**
 * The build of a commit: the jobs that its files ask for, or one job that runs the repository's command or, where the files
 * were not sent, discovers the tests of the checkout.
 * A repository that is a path can only be fetched on its own machine, so its jobs need that machine's label.
 */
export function planBuild(
  message: CommitMessage,
  repository: ObservedRepository,
  config: Config,
  { jobs, nothingRuns = false, ...rest }: PlannedWorkflows = {},
): NewBuild {
  const plan = planOf(message, repository);
  const { approval, mergeGroup } = message;
  const isConflict = plan.kind === 'decided' && plan.reason === 'merge_conflict';
  return {
    repo: message.repo,
    ref: message.ref,
    sha: message.sha,
    offer: messageIds.commit(message),
    subject: message.subject,
    body: message.body ?? '',
    author: message.author,
    authorAddress: message.authorAddress ?? '',
    committedAt: Date.parse(message.committedAt),
    trigger: message.trigger,
    message: noteOf(message),
    cursor: message.cursor ?? null,
    intent: message.intent ?? null,
    ...(message.pullRequest && { pullRequest: pullRequestOf(message.pullRequest, message) }),
    ...(approval && { approval }),
    ...(message.event && isApart(message.event) && { event: detailsOf(message.event, message) }),
    ...(message.event?.name === 'schedule' && { scheduled: message.event.workflow }),
    ...(mergeGroup && { event: groupDetails(mergeGroup.number, !nothingRuns) }),
    requests: requestsOf(message, repository),
    ...rest,
    jobs: jobs ?? [
      {
        name: isConflict ? 'merge' : approval ? 'approval' : 'test',
        labels: repository.host === null ? [] : [hostLabel(repository.host)],
        needs: [],
        plan: approval ? approvalPlan : JSON.stringify(plan),
        timeout: config.jobTimeout,
      },
    ],
  };
}

function noteOf({ passedOver, event }: CommitMessage): string | null {
  if (event?.name === 'workflow_run')
    return `started by the event workflow_run of ${event.run.name}: ${event.action}`.slice(0, 1000);
  if (event?.name === 'forge' || event?.name === 'pull_request_target') {
    const name = event.name === 'forge' ? event.event : `${event.name} of pull request ${event.number}`;
    return `started by the event ${name}${event.action === null ? '' : `: ${event.action}`}`;
  }
  if (event?.name === 'pull_request') return `started by what happened to the pull request: ${event.action}`;
  return passedOver > 0 ? `${passedOver} older commits were skipped` : null;
}

/**
 * Whether a build for an event runs other workflows than those that test a commit or a pull request, so that it must neither hide nor
 * change what is known of the branch: a workflow that a person starts may deploy a commit whose tests fail.
 */
function isApart({ name }: BuildEvent): boolean {
  return name !== 'schedule' && name !== 'pull_request';
}

function detailsOf(event: BuildEvent, { target }: CommitMessage): EventDetails {
  if (event.name === 'forge') return { name: event.event, action: event.action };
  if (event.name === 'workflow_run') {
    const { depth, isByStranger } = event.run;
    return { name: event.name, action: event.action, run: { depth, isByStranger } };
  }
  if (event.name !== 'pull_request_target' || !target) return { name: event.name, action: null };
  const { ref, head, headRef } = target;
  return { name: event.name, action: event.action, pull: { number: event.number, ref, head, headRef } };
}

function groupDetails(number: number, isTested: boolean): EventDetails {
  return { name: 'merge_group', action: 'checks_requested', group: { number, isTested } };
}

/** The further events that a commit brings, for workflows of the default branch that wait for them. */
function requestsOf(message: CommitMessage, { awaited, defaultBranch }: ObservedRepository): EventRequest[] {
  const { ref, created, cursor, pullRequest } = message;
  const requests: EventRequest[] = [];
  if (created && isAwaited(awaited, 'create', null))
    requests.push({ ref, event: refEvent('create', ref, defaultBranch), isByStranger: false });
  const action = pullRequest?.before === null ? 'opened' : 'synchronize';
  // where only the base has moved, nothing has happened to the pull request
  const isHead = pullRequest && cursor && pullRequest.before !== message.sha;
  if (isHead && isAwaited(awaited, 'pull_request_target', action)) {
    const { number, before } = pullRequest;
    const event: BuildEvent = { name: 'pull_request_target', number, action, label: null, before };
    requests.push({ ref: null, event, isByStranger: true });
  }
  return requests;
}

function pullRequestOf(
  { number, headRef, baseRef, base, merge, same, before }: NonNullable<CommitMessage['pullRequest']>,
  { event, approval }: Pick<CommitMessage, 'event' | 'approval'>,
): NewPullRequest {
  const activity = event?.name === 'pull_request' ? { activity: event.action } : {};
  return { number, headRef, baseRef, base, merge, same, ...activity, ...(approval && { before }) };
}

function conflictPlan(base: string, files: readonly string[]): DecidedPlan {
  const named = files.slice(0, mostNamed).join(', ');
  const more = files.length > mostNamed ? ` and ${files.length - mostNamed} more files` : '';
  const where =
    files.length === 0 ? `it has no history in common with ${base}` : `it conflicts with ${base} in ${named}${more}`;
  const message = `${where}: merge ${base} into the branch of the pull request, and push it`;
  return { kind: 'decided', status: 'failure', reason: 'merge_conflict', message };
}

function planOf(message: CommitMessage, { command, image }: Repository): Plan | DecidedPlan {
  const { skip, pullRequest } = message;
  if (skip !== undefined) {
    const why = `the commit message contains "${skip}"; trigger a build of the commit to run its tests anyway`;
    return { kind: 'decided', status: 'skipped', reason: 'skip_ci', message: why };
  }
  if (pullRequest?.conflicts) return conflictPlan(pullRequest.baseRef, pullRequest.conflicts);
  const plan = command === null ? ({ kind: 'discover' } as const) : ({ kind: 'command', command } as const);
  return image === null ? plan : { kind: 'image', image, from: 'repository', plan };
}
