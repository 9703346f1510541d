import { isRefName } from '../../git/remote/ref-names.ts';
import { type PullRequestActivity, type PullRequestFacts, pullRequestActivities } from '../../kernel/pull-request.ts';
import { Payload } from './payload.ts';

/** What the call of a webhook says of a pull request. */
export interface PullRequestCall {
  number: number;
  /** what has happened to it, where workflows may wait for that; null for a new head, which git shows, and for anything else */
  activity: PullRequestActivity | null;
  /** the label that was set or removed */
  label: string | null;
  facts: PullRequestFacts;
  /** when the forge has changed it last (ms since 1970); null where it does not say */
  updatedAt: number | null;
}

type Header = (name: string) => string | undefined;

/** Characters of names and titles, and of a description. */
const longestName = 1000;
const longestBody = 10_000;
/** Labels of a pull request. */
const mostLabels = 100;

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
  const { number, updatedAt, facts, action, label = null } = call;
  const activity = pullRequestActivities.find((each) => each === action) ?? null;
  return { number, updatedAt, facts, activity, label };
}

interface Read {
  number: number | null;
  updatedAt: number | null;
  /** in GitHub's words, or a forge's own, which then means nothing */
  action: string | null;
  label?: string | null;
  facts: PullRequestFacts;
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

const name = (payload: Payload) => payload.text(longestName);
const namesIn = (list: Payload, key: string) =>
  list.list(mostLabels)?.flatMap((each) => name(each.at(key)) ?? []) ?? null;
/** It becomes a variable of jobs, so it must be what git itself allows. */
function branch(payload: Payload): string | null {
  const ref = name(payload)?.replace(/^(?:refs\/heads\/)?/, 'refs/heads/');
  return ref !== undefined && isRefName(ref) ? ref.slice('refs/heads/'.length) : null;
}

/** GitHub, Gitea, Forgejo and Gogs. */
function fromGitHub(payload: Payload): Read {
  const its = payload.at('pull_request');
  const action = payload.at('action').text(50) ?? '';
  const state = its.at('state').text(30);
  return {
    number: its.at('number').number() ?? payload.at('number').number(),
    updatedAt: its.at('updated_at').time(),
    action: { label_updated: 'labeled', label_cleared: 'unlabeled' }[action] ?? action,
    label: name(payload.at('label', 'name')),
    facts: {
      title: name(its.at('title')),
      body: its.at('body').text(longestBody),
      draft: its.at('draft').flag(),
      labels: namesIn(its.at('labels'), 'name'),
      author: name(its.at('user', 'login')),
      headRef: branch(its.at('head', 'ref')),
      headRepo: name(its.at('head', 'repo', 'full_name')),
      isOpen: state === null ? null : state === 'open',
      merged: its.at('merged').flag(),
      url: its.at('html_url').url(),
    },
  };
}

function fromGitLab(payload: Payload): Read {
  const its = payload.at('object_attributes');
  const state = its.at('state').text(30);
  return {
    number: its.at('iid').number(),
    updatedAt: its.at('updated_at').time(),
    ...changeAtGitLab(payload),
    facts: {
      title: name(its.at('title')),
      body: its.at('description').text(longestBody),
      draft: its.at('draft').flag() ?? its.at('work_in_progress').flag(),
      labels: namesIn(payload.at('labels'), 'title'),
      // later calls name the person who has changed it, and of the author a number alone
      author: its.at('action').text(30) === 'open' ? name(payload.at('user', 'username')) : null,
      headRef: branch(its.at('source_branch')),
      headRepo: name(its.at('source', 'path_with_namespace')),
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
  const its = payload.at('pullrequest');
  const state = its.at('state').text(30);
  return {
    number: its.at('id').number(),
    updatedAt: its.at('updated_on').time(),
    // an update may be a new head
    action: state === 'MERGED' || state === 'DECLINED' ? 'closed' : null,
    facts: {
      title: name(its.at('title')),
      body: its.at('description').text(longestBody),
      draft: its.at('draft').flag(),
      labels: null,
      author: name(its.at('author', 'nickname')) ?? name(its.at('author', 'username')),
      headRef: branch(its.at('source', 'branch', 'name')),
      headRepo: name(its.at('source', 'repository', 'full_name')),
      isOpen: state === null ? null : state === 'OPEN',
      merged: state === null ? null : state === 'MERGED',
      url: its.at('links', 'html', 'href').url(),
    },
  };
}

const changesAtDataCenter: { [key: string]: string } = {
  ...{ 'pr:modified': 'edited', 'pr:reopened': 'reopened' },
  ...{ 'pr:merged': 'closed', 'pr:declined': 'closed', 'pr:deleted': 'closed' },
};

function fromBitbucketDataCenter(payload: Payload): Read {
  const its = payload.at('pullRequest');
  const state = its.at('state').text(30);
  const from = its.at('fromRef', 'repository');
  const [project, slug] = [name(from.at('project', 'key')), name(from.at('slug'))];
  return {
    number: its.at('id').number(),
    updatedAt: its.at('updatedDate').time(),
    action: changesAtDataCenter[payload.at('eventKey').text(30) ?? ''] ?? null,
    facts: {
      title: name(its.at('title')),
      body: its.at('description').text(longestBody),
      draft: its.at('draft').flag(),
      labels: null,
      author: name(its.at('author', 'user', 'name')),
      headRef: branch(its.at('fromRef', 'id')),
      headRepo: project === null || slug === null ? null : `${project}/${slug}`,
      isOpen: its.at('open').flag(),
      merged: state === null ? null : state === 'MERGED',
      url: its.at('links', 'self').list(1)?.[0]?.at('href').url() ?? null,
    },
  };
}

const pagureTopics: { [topic: string]: string } = {
  ...{ 'pull-request.closed': 'closed', 'pull-request.reopened': 'reopened' },
  ...{ 'pull-request.tag.added': 'labeled', 'pull-request.tag.removed': 'unlabeled' },
};

function fromPagure(payload: Payload): Read {
  const its = payload.at('msg', 'pullrequest');
  const status = its.at('status').text(30);
  return {
    number: its.at('id').number(),
    updatedAt: its.at('last_updated').time(),
    action: pagureTopics[payload.at('topic').text(100) ?? ''] ?? null,
    facts: {
      title: name(its.at('title')),
      body: its.at('initial_comment').text(longestBody),
      draft: null,
      labels:
        its
          .at('tags')
          .list(mostLabels)
          ?.flatMap((tag) => name(tag) ?? []) ?? null,
      author: name(its.at('user', 'name')),
      headRef: branch(its.at('branch_from')),
      headRepo: name(its.at('repo_from', 'fullname')),
      isOpen: status === null ? null : status === 'Open',
      merged: status === null ? null : status === 'Merged',
      url: its.at('full_url').url(),
    },
  };
}

function fromAzure(payload: Payload): Read {
  const its = payload.at('resource');
  const status = its.at('status').text(30);
  return {
    number: its.at('pullRequestId').number(),
    updatedAt: payload.at('createdDate').time(),
    action: status === 'completed' || status === 'abandoned' ? 'closed' : null,
    facts: {
      title: name(its.at('title')),
      body: its.at('description').text(longestBody),
      draft: its.at('isDraft').flag(),
      labels: namesIn(its.at('labels'), 'name'),
      author: name(its.at('createdBy', 'uniqueName')),
      headRef: branch(its.at('sourceRefName')),
      headRepo: name(its.at('forkSource', 'repository', 'name')),
      isOpen: status === null ? null : status === 'active',
      merged: status === null ? null : status === 'completed',
      url: its.at('_links', 'web', 'href').url(),
    },
  };
}
