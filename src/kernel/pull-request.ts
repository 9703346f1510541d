import type { PullRequest } from './model.ts';

/**
 * Whose pull requests of a repository are built: `same`: those whose head is a branch of the repository itself; `approved`: those,
 * and others once a person has approved them.
 */
export const pullRequestModes = ['none', 'same', 'approved', 'all'] as const;
export type PullRequestMode = (typeof pullRequestModes)[number];

/** What is tested of a pull request: its merge with the base branch, or its head alone. */
export const pullRequestCheckouts = ['merge', 'head'] as const;
export type PullRequestCheckout = (typeof pullRequestCheckouts)[number];

/** The settings of a repository whose pull requests are not built. */
export const noPullRequests = {
  pullRequests: 'none',
  pullRequestRefs: null,
  pullRequestCheckout: 'merge',
  pullRequestRebuild: false,
  pullRequestLabels: null,
} as const;

/** What can happen to a pull request beside a new head, in GitHub's words: activity types of `on.pull_request`. */
export const pullRequestActivities = [
  ...([
    'assigned',
    'unassigned',
    'labeled',
    'unlabeled',
    'edited',
    'closed',
    'reopened',
    'locked',
    'unlocked',
  ] as const),
  ...(['converted_to_draft', 'ready_for_review', 'review_requested', 'review_request_removed'] as const),
  ...(['milestoned', 'demilestoned', 'enqueued', 'dequeued', 'auto_merge_enabled', 'auto_merge_disabled'] as const),
] as const;
export type PullRequestActivity = (typeof pullRequestActivities)[number];

/** What is stored of a build's pull request beside its number. */
export interface PullRequestDetails {
  /** branch of the repository at the same commit as the head; null where there is none */
  headRef: string | null;
  /** name of the base branch */
  baseRef: string;
  /** commit of the base branch that is merged */
  base: string;
  /** commit of the merge; null where the head is tested alone, or conflicts with the base */
  merge: string | null;
  /** whether a branch of the repository itself is at the head, so that somebody made it who may push to the repository */
  same: boolean;
  /** what has happened to it, where no new head started the build */
  activity?: PullRequestActivity;
  /** of one that must be approved: the head that was seen before; null for a new pull request */
  before?: string | null;
}

/** A pull request for people: `#7 topic → main`, or `#7 fork → main` where its head is no branch of the repository. */
export function pullRequestText({ number, head, base }: PullRequest): string {
  return `#${number} ${head ?? 'fork'} → ${base}`;
}

/** What a forge has told of a pull request; null where it has not. It fills what workflows see, and decides nothing. */
export interface PullRequestFacts {
  title: string | null;
  body: string | null;
  draft: boolean | null;
  /** names */
  labels: string[] | null;
  /** name of the person's account */
  author: string | null;
  /** name of the branch, in whatever repository */
  headRef: string | null;
  /** owner and name of the repository that the branch is in */
  headRepo: string | null;
  isOpen: boolean | null;
  merged: boolean | null;
  /** address of its page */
  url: string | null;
}
