import { Payload } from '../../kernel/payload.ts';
import { isRefName } from '../../kernel/ref-name.ts';
import type { ToldEvent } from '../../kernel/workflow-events.ts';
import type { Json, JsonObject } from '../../workflow/template.ts';
import { boundedJson } from './bounded-json.ts';

/** What the call of a webhook says of an issue, a comment or a release, for workflows that wait for it. */
export interface EventCall {
  event: ToldEvent;
  /** one of GitHub's activity types */
  action: string;
  /** full name of the tag of a release; null for others */
  ref: string | null;
  /** in GitHub's form, without what tells of the repository, which Volt knows itself */
  payload: JsonObject;
}

/** Whether the headers of a call name one of these events. They are not signed, so the body decides. */
export function mayBeEvent(header: (name: string) => string | undefined): boolean {
  const names = ['x-github-event', 'x-gitea-event', 'x-forgejo-event', 'x-gogs-event', 'x-gitlab-event'];
  const events = names.flatMap((name) => header(name) ?? []);
  return events.some((event) => /^(issues|issue_comment|release|(issue|note|release) hook)$/i.test(event));
}

/** @returns undefined where the body is about something else, or too large */
export function eventCall(body: string): EventCall | undefined {
  const payload = Payload.parse(body);
  const call = readers.find(({ holds }) => holds(payload))?.read(payload);
  if (!call || call.action === null) return undefined;
  const bounded = boundedJson(call.payload);
  return bounded && { ...call, action: call.action, payload: bounded };
}

type Read = Omit<EventCall, 'payload' | 'action'> & { action: string | null; payload: unknown };

const readers: readonly { holds: (payload: Payload) => boolean; read: (payload: Payload) => Read | undefined }[] = [
  { holds: (payload) => payload.at('object_kind').text(30) === 'issue', read: issueOfGitLab },
  { holds: (payload) => payload.at('object_kind').text(30) === 'note', read: commentOfGitLab },
  { holds: (payload) => payload.at('object_kind').text(30) === 'release', read: releaseOfGitLab },
  { holds: (payload) => payload.at('release').isThere, read: releaseOfGitHub },
  { holds: (payload) => payload.at('issue').isThere, read: issueOfGitHub },
];

/** The actions of Gitea and Forgejo that GitHub calls otherwise. */
const otherNames: { [action: string]: string } = {
  ...{ label_updated: 'labeled', label_cleared: 'unlabeled', updated: 'edited' },
};

/** GitHub, Gitea and Forgejo. */
function issueOfGitHub(payload: Payload): Read | undefined {
  const event = payload.at('comment').isThere ? 'issue_comment' : 'issues';
  return {
    event,
    ref: null,
    ...fromGitHub(payload, ['issue', 'comment', 'label', 'assignee', 'milestone', 'changes']),
  };
}

function releaseOfGitHub(payload: Payload): Read | undefined {
  const ref = tag(payload.at('release', 'tag_name'));
  // GitHub starts nothing for a draft, whose tag may not be there yet
  if (ref === null || payload.at('release', 'draft').flag() === true) return undefined;
  return { event: 'release', ref, ...fromGitHub(payload, ['release', 'changes']) };
}

function fromGitHub(payload: Payload, keys: readonly string[]): Pick<Read, 'action' | 'payload'> {
  const action = payload.at('action').text(100);
  const kept = [...keys, 'sender'].flatMap((key) => (payload.at(key).isThere ? [[key, payload.at(key).value]] : []));
  return { action: action && (otherNames[action] ?? action), payload: Object.fromEntries(kept) };
}

/** @returns null for what git does not allow as the name of a tag */
function tag(payload: Payload): string | null {
  const name = payload.text(1000);
  const ref = `refs/tags/${name}`;
  return name !== null && isRefName(ref) ? ref : null;
}

const actionsOfGitLab: { [action: string]: string } = {
  ...{ open: 'opened', reopen: 'reopened', close: 'closed', update: 'edited', create: 'created' },
};

/** Whether not everybody who may read the project may read it; the logs of its workflow may be public. */
function isConfidential(payload: Payload): boolean {
  const flags = [
    payload.at('object_attributes', 'confidential'),
    // GitLab calls a confidential comment internal
    payload.at('object_attributes', 'internal'),
    payload.at('issue', 'confidential'),
  ];
  const type = payload.at('event_type').text(50) ?? '';
  return type.startsWith('confidential_') || flags.some((flag) => flag.flag() === true);
}

function issueOfGitLab(payload: Payload): Read | undefined {
  if (isConfidential(payload)) return undefined;
  const its = payload.at('object_attributes');
  const action = actionsOfGitLab[its.at('action').text(30) ?? ''] ?? null;
  // later calls name the person who has changed it
  const author = action === 'opened' ? personOfGitLab(payload) : null;
  const issue = { ...issueFields(its), user: author, labels: labelsOfGitLab(payload.at('labels')) };
  return { event: 'issues', ref: null, action, payload: { issue, sender: personOfGitLab(payload) } };
}

function commentOfGitLab(payload: Payload): Read | undefined {
  if (isConfidential(payload)) return undefined;
  const its = payload.at('object_attributes');
  const on = { Issue: 'issue', MergeRequest: 'merge_request' }[its.at('noteable_type').text(30) ?? ''];
  // GitLab writes comments of its own about what has happened
  if (on === undefined || its.at('system').flag() === true) return undefined;
  const subject = payload.at(on);
  const labels = labelsOfGitLab(subject.at('labels'));
  const issue = { ...issueFields(subject), labels, ...(on === 'merge_request' && { pull_request: {} }) };
  const comment = {
    id: its.at('id').value,
    body: its.at('note').value,
    html_url: its.at('url').value,
    created_at: its.at('created_at').value,
    updated_at: its.at('updated_at').value,
    user: personOfGitLab(payload),
  };
  const action = actionsOfGitLab[its.at('action').text(30) ?? 'create'] ?? null;
  return { event: 'issue_comment', ref: null, action, payload: { issue, comment, sender: personOfGitLab(payload) } };
}

function releaseOfGitLab(payload: Payload): Read | undefined {
  const ref = tag(payload.at('tag'));
  const actions: { [action: string]: string } = { create: 'published', update: 'edited', delete: 'deleted' };
  const action = actions[payload.at('action').text(30) ?? ''] ?? null;
  if (ref === null) return undefined;
  const release = {
    id: payload.at('id').value,
    tag_name: payload.at('tag').value,
    name: payload.at('name').value,
    body: payload.at('description').value,
    html_url: payload.at('url').value,
    created_at: payload.at('created_at').value,
    ...{ draft: false, prerelease: false },
  };
  return { event: 'release', ref, action, payload: { release } };
}

/** Fields of an issue or a merge request. */
function issueFields(its: Payload) {
  const state = its.at('state').text(30);
  return {
    number: its.at('iid').value,
    title: its.at('title').value,
    body: its.at('description').value,
    state: state === null ? null : state === 'opened' ? 'open' : 'closed',
    html_url: its.at('url').value,
    created_at: its.at('created_at').value,
    updated_at: its.at('updated_at').value,
  };
}

function personOfGitLab(payload: Payload): Json {
  return { login: payload.at('user', 'username').text(1000), type: 'User' };
}

function labelsOfGitLab(list: Payload): Json {
  return (list.list(100) ?? []).map((label) => ({ name: label.at('title').text(1000) }));
}
