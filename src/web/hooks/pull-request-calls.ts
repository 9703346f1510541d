import { azurePullRequest } from '../../forge/pull-requests/azure.ts';
import { bitbucketPullRequest } from '../../forge/pull-requests/bitbucket.ts';
import { bitbucketDataCenterPullRequest } from '../../forge/pull-requests/bitbucket-data-center.ts';
import { githubPullRequest } from '../../forge/pull-requests/github.ts';
import { pagurePullRequest } from '../../forge/pull-requests/pagure.ts';
import {
  branchIn,
  commitIn,
  type ForgePullRequest,
  longestBody,
  nameIn,
  namesIn,
} from '../../forge/pull-requests/pull-request.ts';
import { Payload } from '../../kernel/payload.ts';
import { type PullRequestActivity, type PullRequestFacts, pullRequestActivities } from '../../kernel/pull-request.ts';

/** What the call of a webhook says of a pull request. */
export interface PullRequestCall {
  number: number;
  /** what has happened to it, where workflows may wait for that; null for a new head, which git shows, and for anything else */
  activity: PullRequestActivity | null;
  /** the label that was set or removed */
  label: string | null;
  /** commit of its head then; null where the forge does not say */
  head: string | null;
  facts: PullRequestFacts;
  /** when the forge has changed it last (ms since 1970); null where it does not say */
  updatedAt: number | null;
}

type Header = (name: string) => string | undefined;

/** Whether the body of a call is to be read. Azure DevOps says only there what it is about. */
export function mayBeAboutPullRequest(header: Header): boolean {
  const names = ['x-github-event', 'x-gitea-event', 'x-forgejo-event', 'x-gogs-event', 'x-gitlab-event'];
  const events = [...names, 'x-event-key', 'x-pagure-topic'].flatMap((name) => header(name) ?? []);
  return (
    events.length === 0 ||
    events.some((event) => /^(pull_request|merge request hook|(pullrequest|pr):.*|pull-request\..*)$/i.test(event))
  );
}

/** @returns undefined where the body is about something else */
export function pullRequestCall(body: string): PullRequestCall | undefined {
  const payload = Payload.parse(body);
  const call = readers.find(({ holds }) => holds(payload))?.read(payload);
  if (!call || call.number === null) return undefined;
  const { number, updatedAt, head, facts, action, label = null } = call;
  const activity = pullRequestActivities.find((each) => each === action) ?? null;
  return { number, updatedAt, head, facts, activity, label };
}

interface Read extends Pick<ForgePullRequest, 'number' | 'updatedAt' | 'head' | 'facts'> {
  /** in GitHub's words, or a forge's own, which then means nothing */
  action: string | null;
  label?: string | null;
}

/** How each forge tells of pull requests; each has a field of its own. */
const readers: readonly { holds: (payload: Payload) => boolean; read: (payload: Payload) => Read }[] = [
  { holds: (payload) => payload.at('pull_request').isThere, read: fromGitHub },
  { holds: (payload) => payload.at('object_kind').text(30) === 'merge_request', read: fromGitLab },
  { holds: (payload) => payload.at('pullrequest').isThere, read: fromBitbucket },
  { holds: (payload) => payload.at('pullRequest').isThere, read: fromBitbucketDataCenter },
  { holds: (payload) => payload.at('msg', 'pullrequest').isThere, read: fromPagure },
  { holds: (payload) => payload.at('resource', 'pullRequestId').isThere, read: fromAzure },
];

/** GitHub, Gitea, Forgejo and Gogs. */
function fromGitHub(payload: Payload): Read {
  const its = githubPullRequest(payload.at('pull_request'));
  const action = payload.at('action').text(50) ?? '';
  return {
    ...its,
    number: its.number ?? payload.at('number').number(),
    action: { label_updated: 'labeled', label_cleared: 'unlabeled' }[action] ?? action,
    label: nameIn(payload.at('label', 'name')),
  };
}

function fromGitLab(payload: Payload): Read {
  const its = payload.at('object_attributes');
  const state = its.at('state').text(30);
  return {
    number: its.at('iid').number(),
    updatedAt: its.at('updated_at').time(),
    head: commitIn(its.at('last_commit', 'id')),
    ...changeAtGitLab(payload),
    facts: {
      title: nameIn(its.at('title')),
      body: its.at('description').text(longestBody),
      draft: its.at('draft').flag() ?? its.at('work_in_progress').flag(),
      labels: namesIn(payload.at('labels'), 'title'),
      // later calls name the person who has changed it, and of the author a number alone
      author: its.at('action').text(30) === 'open' ? nameIn(payload.at('user', 'username')) : null,
      headRef: branchIn(its.at('source_branch')),
      headRepo: nameIn(its.at('source', 'path_with_namespace')),
      isOpen: state === null ? null : state === 'opened' || state === 'locked',
      merged: state === null ? null : state === 'merged',
      url: its.at('url').url(),
    },
  };
}

/** GitLab calls almost everything an update, and says what has changed. */
function changeAtGitLab(payload: Payload): Pick<Read, 'action' | 'label'> {
  const its = payload.at('object_attributes');
  const action = its.at('action').text(30) ?? '';
  if (action !== 'update') return { action: { reopen: 'reopened', close: 'closed', merge: 'closed' }[action] ?? null };
  // a push
  if (its.at('oldrev').isThere) return { action: null };
  const draft = payload.at('changes', 'draft', 'current').flag();
  if (draft !== null) return { action: draft ? 'converted_to_draft' : 'ready_for_review' };
  const [before, now] = ['previous', 'current'].map((key) => namesIn(payload.at('changes', 'labels', key), 'title'));
  if (!before || !now) return { action: 'edited' };
  const added = now.find((label) => !before.includes(label));
  const removed = before.find((label) => !now.includes(label));
  return added === undefined ? { action: 'unlabeled', label: removed ?? null } : { action: 'labeled', label: added };
}

function fromBitbucket(payload: Payload): Read {
  const its = bitbucketPullRequest(payload.at('pullrequest'));
  // an update may be a new head
  return { ...its, action: its.facts.isOpen === false ? 'closed' : null };
}

const changesAtDataCenter: { [key: string]: string } = {
  ...{ 'pr:modified': 'edited', 'pr:reopened': 'reopened' },
  ...{ 'pr:merged': 'closed', 'pr:declined': 'closed', 'pr:deleted': 'closed' },
};

function fromBitbucketDataCenter(payload: Payload): Read {
  const action = changesAtDataCenter[payload.at('eventKey').text(30) ?? ''] ?? null;
  return { ...bitbucketDataCenterPullRequest(payload.at('pullRequest')), action };
}

const pagureTopics: { [topic: string]: string } = {
  ...{ 'pull-request.closed': 'closed', 'pull-request.reopened': 'reopened' },
  ...{ 'pull-request.tag.added': 'labeled', 'pull-request.tag.removed': 'unlabeled' },
};

function fromPagure(payload: Payload): Read {
  const action = pagureTopics[payload.at('topic').text(100) ?? ''] ?? null;
  return { ...pagurePullRequest(payload.at('msg', 'pullrequest')), action };
}

function fromAzure(payload: Payload): Read {
  const its = azurePullRequest(payload.at('resource'));
  return { ...its, updatedAt: payload.at('createdDate').time(), action: its.facts.isOpen === false ? 'closed' : null };
}
