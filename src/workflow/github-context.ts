import { type ForgeAddresses, forgeAddresses } from '../kernel/known-forges.ts';
import { type BuildEvent, type BuildFacts, eventName, type PullRequestEvent } from './event.ts';
import { dispatchTexts } from './inputs.ts';
import type { JsonObject } from './template.ts';
import { isObject } from './values.ts';
import type { Workflow } from './workflow.ts';

type WorkflowRunEvent = Extract<BuildEvent, { name: 'workflow_run' }>;
type MergeGroup = Extract<BuildEvent, { name: 'merge_group' }>;

const noCommit = '0'.repeat(40);

/** Contexts that were made before: planning needs one for each job and each expression. */
const known = new WeakMap<BuildFacts, WeakMap<Workflow, JsonObject>>();

/**
 * The `github` context of a workflow in a build. Fields that only a forge knows are empty. The runner adds its own fields.
 * @param run id of this run of the workflow
 */
export function githubContext(facts: BuildFacts, workflow: Workflow, run: string): JsonObject {
  const ofBuild = known.get(facts) ?? new WeakMap<Workflow, JsonObject>();
  known.set(facts, ofBuild);
  const context = ofBuild.get(workflow) ?? makeContext(facts, workflow, run);
  ofBuild.set(workflow, context);
  return context;
}

function makeContext(facts: BuildFacts, workflow: Workflow, run: string): JsonObject {
  const { repository, server, api, graphql, owner } = repositoryParts(facts);
  const actor = actorOf(facts);
  const pull = pullRequestIn(facts.event);
  const { number, attempt } = facts.runs?.[workflow.path] ?? { number: facts.number, attempt: 1 };
  return {
    actor,
    triggering_actor: actor,
    api_url: api,
    graphql_url: graphql,
    server_url: server,
    base_ref: pull?.base ?? '',
    head_ref: pull ? (headRef(pull) ?? '') : '',
    event: { ...eventPayload(facts, workflow), ...facts.payload },
    event_name: eventName(facts.event),
    ref: facts.ref,
    ref_name: refName(facts.ref),
    ref_type: facts.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    ref_protected: false,
    repository,
    repository_owner: owner,
    repositoryUrl: cloneUrl(facts),
    retention_days: '90',
    run_attempt: String(attempt),
    run_id: run,
    run_number: String(number),
    secret_source: 'Actions',
    sha: facts.sha,
    token: '',
    workflow: workflow.name,
    workflow_ref: `${repository}/${workflow.path}@${facts.ref}`,
    workflow_sha: facts.sha,
  };
}

function pullRequestIn(event: BuildEvent): PullRequestEvent | undefined {
  return event.name === 'pull_request' || event.name === 'pull_request_target' ? event : undefined;
}

function workflowRunPayload(facts: BuildFacts, { action, run }: WorkflowRunEvent): JsonObject {
  const { id, number, attempt, name, path, event, conclusion, sha, branch, pullRequest, subject, author } = run;
  const person = { name: author };
  const isFork = pullRequest !== null && branch === null;
  return {
    workflow: { name, path },
    workflow_run: {
      ...{ id: Number(id), run_number: number, run_attempt: attempt, name, path, display_title: subject, event },
      ...{ status: action === 'requested' ? 'queued' : action, conclusion, head_sha: sha, head_branch: branch },
      head_commit: { id: sha, message: subject, timestamp: run.committedAt, author: person, committer: person },
      ...{ actor: { login: author }, triggering_actor: { login: author } },
      pull_requests: pullRequest === null || isFork ? [] : [{ number: pullRequest }],
      repository: repositoryOf(facts),
      head_repository: isFork ? null : repositoryOf(facts),
    },
  };
}

function mergeGroupPayload(
  { ref, sha, subject, author, committedAt }: BuildFacts,
  { base, baseSha }: MergeGroup,
): JsonObject {
  const person = { name: author };
  return {
    action: 'checks_requested',
    merge_group: {
      ...{ head_sha: sha, head_ref: ref, base_sha: baseSha, base_ref: `refs/heads/${base}` },
      head_commit: { id: sha, message: subject, timestamp: committedAt, author: person, committer: person },
    },
  };
}

/** Who has caused the event, as far as a forge has told. */
function actorOf({ event, author }: BuildFacts): string {
  const pull = pullRequestIn(event);
  if (pull) return pull.facts?.author || author;
  const sender = event.name === 'forge' ? event.payload.sender : undefined;
  return isObject(sender) && typeof sender.login === 'string' ? sender.login : author;
}

/** `github.event`, the content of event.json. */
function eventPayload(facts: BuildFacts, { on }: Workflow): JsonObject {
  const { event, ref, author } = facts;
  const common = { repository: repositoryOf(facts), sender: { login: author, type: 'User' } };
  switch (event.name) {
    case 'push':
      return { ...pushPayload(facts), ...common };
    case 'workflow_dispatch':
      return {
        inputs: dispatchTexts(on.workflow_dispatch?.inputs ?? [], event.inputs),
        ref,
        workflow: event.workflow,
        ...common,
      };
    case 'repository_dispatch':
      return { action: event.type, branch: refName(ref), client_payload: event.payload, ...common };
    case 'schedule':
      return { schedule: event.cron, workflow: event.workflow, ...common };
    case 'workflow_run':
      return { action: event.action, ...workflowRunPayload(facts, event), ...common };
    case 'merge_group':
      return { ...mergeGroupPayload(facts, event), ...common };
    case 'pull_request':
    case 'pull_request_target':
      return { ...pullRequestPayload(facts, event), ...common };
    case 'forge':
      return { ...common, ...event.payload, ...(event.action === null ? {} : { action: event.action }) };
  }
}

function headRef({ head, facts }: PullRequestEvent): string | null {
  return head ?? facts?.headRef ?? null;
}

/** What neither git nor the forge has told is null. */
function pullRequestPayload(facts: BuildFacts, event: PullRequestEvent): JsonObject {
  const { number, action, label, base, commits, merge, facts: told } = event;
  const { repository } = repositoryParts(facts);
  /** @param from repository of the branch */
  const side = (ref: string | null, sha: string | null, from: string | null) => ({
    ref,
    sha,
    label: ref && from && `${from.split('/')[0]}:${ref}`,
    repo: from === repository ? repositoryOf(facts) : from && forkNamed(from),
  });
  return {
    action,
    number,
    ...(label !== null && { label: { name: label } }),
    ...(commits?.before && { before: commits.before, after: commits.head }),
    pull_request: {
      number,
      title: told?.title ?? null,
      body: told?.body ?? null,
      state: told?.isOpen === false ? 'closed' : 'open',
      draft: told?.draft ?? null,
      merged: told?.merged ?? false,
      merge_commit_sha: merge,
      labels: (told?.labels ?? []).map((name) => ({ name })),
      user: { login: told?.author ?? null, type: 'User' },
      head: side(headRef(event), commits?.head ?? facts.sha, headRepository(event, repository)),
      base: side(base, commits?.base ?? facts.before, repository),
      html_url: told?.url ?? null,
    },
  };
}

/**
 * The repository that the head is in: Volt's own only where git shows it there, since workflows compare the two to tell a fork. Like
 * them this ignores case.
 */
function headRepository({ head, facts }: PullRequestEvent, own: string): string | null {
  if (head !== null) return own;
  const told = facts?.headRepo ?? null;
  return told?.toLowerCase() === own.toLowerCase() ? null : told;
}

function forkNamed(repository: string): JsonObject {
  const [owner = '', name = ''] = repository.split('/');
  return { name, full_name: repository, owner: { login: owner }, fork: true };
}

function pushPayload({ ref, sha, before, subject, author, committedAt }: BuildFacts): JsonObject {
  const person = { name: author, username: author };
  const commit = {
    id: sha,
    message: subject,
    timestamp: committedAt,
    distinct: true,
    author: person,
    committer: person,
  };
  return {
    ref,
    before: before ?? noCommit,
    after: sha,
    base_ref: null,
    created: before === null,
    deleted: false,
    forced: false,
    commits: [commit],
    head_commit: commit,
    pusher: { name: author },
  };
}

function repositoryOf(facts: BuildFacts): JsonObject {
  const { repository, owner, server } = repositoryParts(facts);
  return {
    name: repository.slice(owner.length + 1),
    full_name: repository,
    owner: { login: owner, name: owner },
    default_branch: facts.repo.defaultBranch ?? '',
    html_url: `${server}/${repository}`,
    clone_url: cloneUrl(facts),
    private: true,
    fork: false,
  };
}

/** Addresses of the forge, and owner and name of the repository there, for `github.repository`. */
function repositoryParts({ repo, forge }: BuildFacts): Omit<ForgeAddresses, 'project'> & {
  owner: string;
  repository: string;
} {
  const { project: repository, ...addresses } = forge ?? forgeAddresses(repo, []) ?? fromUrl(repo);
  return { ...addresses, owner: repository.split('/')[0] ?? '', repository };
}

/**
 * What the URL tells of an unknown forge, as if it were GitHub's. A path gets the owner `local` and a server that GitHub's actions
 * take for a GitHub server.
 */
function fromUrl(repo: BuildFacts['repo']): ForgeAddresses {
  const [, protocol, host, path] =
    /^(https?|ssh|git):\/\/(?:[^@/]*@)?([^/]+)\/(.+)$/.exec(repo.url) ?? scpParts(repo.url) ?? [];
  const segments = (path ?? '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(-2);
  const [owner, name] = segments.length === 2 ? segments : ['local', repo.name];
  const server = host === undefined ? 'http://volt.localhost' : `${protocol === 'http' ? 'http' : 'https'}://${host}`;
  return { server, api: `${server}/api/v3`, graphql: `${server}/api/graphql`, project: `${owner}/${name}` };
}

/** `user@host:path` */
function scpParts(url: string): string[] | undefined {
  const [, host, path] = /^[^/@:]+@([^/:]+):(?!\/\/)(.+)$/.exec(url) ?? [];
  return host === undefined || path === undefined ? undefined : ['', 'ssh', host, path];
}

/** The URL without user name and password. */
function cloneUrl({ repo }: BuildFacts): string {
  return repo.url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}

/** GitHub's short name: `main`, `v1`, `7/merge`. */
export function refName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags|pull)\//, '');
}
