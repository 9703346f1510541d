import { createHash } from 'node:crypto';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import type { Answer, FakeForge, SeenRequest } from './fake-forge.ts';

/** A pull request that a fake forge has. */
export interface FakePull {
  number: number;
  title: string;
  body: string | null;
  draft: boolean;
  labels: string[];
  author: string;
  head: string;
  headRef: string;
  /** project that the head is in */
  headProject: string;
  baseRef: string;
  state: 'open' | 'merged' | 'closed';
  /** ISO 8601 */
  updatedAt: string;
}

/** A pull request of `acme/app` from a fork, unless the parts say otherwise. */
export function fakePull(parts: Partial<FakePull> & { number: number }): FakePull {
  return {
    ...{ title: `Change ${parts.number}`, body: 'What and why', draft: false, labels: ['bug'], author: 'ada' },
    ...{ head: 'c'.repeat(40), headRef: 'topic', headProject: 'ada/app', baseRef: 'main', state: 'open' },
    // facts that are old are forgotten
    updatedAt: `${new Date().toISOString().slice(0, 19)}Z`,
    ...parts,
  };
}

/** The head of a pull request at Azure DevOps before its last push, and the merge that it has made of the last. */
export const azureBefore = 'e'.repeat(40);
export const azureMerge = 'd'.repeat(40);

interface PullDialect {
  /** of the list, with the project as its group */
  path: RegExp;
  /** the first one of the page that is asked for, counted from 0, and how many it may have */
  page(query: URLSearchParams): { first: number; size: number };
  row(pull: FakePull, project: string): object;
  /** of one, with the project and the number as its groups */
  one?: RegExp;
  answer(rows: object[], about: { first: number; isMore: boolean }): object;
  /** whether it gives its answers names, and answers 304 to those who know them */
  hasTags?: true;
}

const numbered = (size: string) => (query: URLSearchParams) => {
  const count = Number(query.get(size) ?? 30);
  return { first: (Number(query.get('page') ?? 1) - 1) * count, size: count };
};
const from = (start: string, size: string) => (query: URLSearchParams) => ({
  first: Number(query.get(start) ?? 0),
  size: Number(query.get(size) ?? 25),
});
const plain = (rows: object[]) => rows;
const names = (labels: string[]) => labels.map((name) => ({ name }));
const isFork = (pull: FakePull, project: string) => pull.headProject !== project;
const url = ({ number }: FakePull) => `https://git.example/pulls/${number}`;

const github: PullDialect = {
  path: /^\/repos\/([^/]+\/[^/]+)\/pulls$/,
  page: numbered('per_page'),
  row: (pull, project) => ({
    ...{ number: pull.number, state: pull.state === 'open' ? 'open' : 'closed', title: pull.title, body: pull.body },
    ...{ draft: pull.draft, html_url: url(pull), updated_at: pull.updatedAt },
    merged_at: pull.state === 'merged' ? pull.updatedAt : null,
    ...{ labels: names(pull.labels), user: { login: pull.author } },
    head: { ref: pull.headRef, sha: pull.head, repo: { full_name: pull.headProject } },
    base: { ref: pull.baseRef, sha: 'b'.repeat(40), repo: { full_name: project } },
  }),
  answer: plain,
  hasTags: true,
};
const gitea: PullDialect = { ...github, page: numbered('limit') };

/** How each kind of forge lists pull requests. */
const dialects: { readonly [K in ForgeKind]: PullDialect } = {
  ...{ github, gitea, forgejo: gitea },
  gitlab: {
    path: /^\/projects\/([^/]+)\/merge_requests$/,
    one: /^\/projects\/([^/]+)\/merge_requests\/(\d+)$/,
    page: numbered('per_page'),
    row: (pull, project) => ({
      ...{ iid: pull.number, project_id: 7, title: pull.title, description: pull.body, draft: pull.draft },
      state: { open: 'opened', merged: 'merged', closed: 'closed' }[pull.state],
      ...{ labels: pull.labels, author: { id: 3, username: pull.author }, web_url: url(pull) },
      ...{ source_branch: pull.headRef, target_branch: pull.baseRef, sha: pull.head, updated_at: pull.updatedAt },
      ...{ source_project_id: isFork(pull, project) ? 8 : 7, target_project_id: 7 },
    }),
    answer: plain,
    hasTags: true,
  },
  bitbucket: {
    path: /^\/repositories\/([^/]+\/[^/]+)\/pullrequests$/,
    page: numbered('pagelen'),
    row: (pull, project) => ({
      ...{ type: 'pullrequest', id: pull.number, title: pull.title, description: pull.body ?? '', draft: pull.draft },
      state: { open: 'OPEN', merged: 'MERGED', closed: 'DECLINED' }[pull.state],
      ...{ author: { nickname: pull.author }, updated_on: pull.updatedAt, links: { html: { href: url(pull) } } },
      source: {
        ...{ branch: { name: pull.headRef }, commit: { hash: pull.head.slice(0, 12) } },
        repository: { full_name: pull.headProject },
      },
      destination: {
        ...{ branch: { name: pull.baseRef }, commit: { hash: 'b'.repeat(12) }, repository: { full_name: project } },
      },
    }),
    answer: (values, { isMore }) => ({ values, ...(isMore && { next: 'https://api.bitbucket.org/next' }) }),
  },
  'bitbucket-dc': {
    path: /^\/api\/latest\/projects\/([^/]+\/repos\/[^/]+)\/pull-requests$/,
    page: from('start', 'limit'),
    row: (pull, project) => ({
      ...{ id: pull.number, title: pull.title, description: pull.body ?? '', draft: pull.draft },
      ...{ state: { open: 'OPEN', merged: 'MERGED', closed: 'DECLINED' }[pull.state], open: pull.state === 'open' },
      ...{ updatedDate: Date.parse(pull.updatedAt), author: { user: { name: pull.author } } },
      fromRef: {
        id: `refs/heads/${pull.headRef}`,
        latestCommit: pull.head,
        repository: atDataCenter(pull.headProject),
      },
      toRef: { id: `refs/heads/${pull.baseRef}`, latestCommit: 'b'.repeat(40), repository: atDataCenter(project) },
      links: { self: [{ href: url(pull) }] },
    }),
    answer: (values, { first, isMore }) => ({
      ...{ values, isLastPage: !isMore, nextPageStart: isMore ? first + values.length : null },
    }),
  },
  azure: {
    path: /^\/([^/]+\/[^/]+\/_apis\/git\/repositories\/[^/]+)\/pullrequests$/,
    one: /^\/([^/]+\/[^/]+\/_apis\/git\/repositories\/[^/]+)\/pullRequests\/(\d+)(\/iterations)?$/,
    page: from('$skip', '$top'),
    row: (pull, project) => ({
      ...{ pullRequestId: pull.number, title: pull.title, description: pull.body ?? '', isDraft: pull.draft },
      status: { open: 'active', merged: 'completed', closed: 'abandoned' }[pull.state],
      ...{ creationDate: pull.updatedAt, createdBy: { uniqueName: pull.author }, labels: names(pull.labels) },
      ...{ sourceRefName: `refs/heads/${pull.headRef}`, targetRefName: `refs/heads/${pull.baseRef}` },
      ...(isFork(pull, project) && { forkSource: { name: 'refs/heads/x', repository: { name: pull.headProject } } }),
      lastMergeSourceCommit: { commitId: pull.head },
      lastMergeCommit: { commitId: azureMerge },
    }),
    answer: (value) => ({ count: value.length, value }),
  },
  gerrit: {
    path: /^\/(changes)\/$/,
    page: from('S', 'n'),
    row: (pull, project) => ({
      ...{ id: `${project}~${pull.number}`, project, branch: pull.baseRef, subject: pull.title, _number: pull.number },
      status: { open: 'NEW', merged: 'MERGED', closed: 'ABANDONED' }[pull.state],
      updated: pull.updatedAt.replace('T', ' ').replace('Z', '.000000000'),
      ...{ owner: { _account_id: 5, username: pull.author }, hashtags: pull.labels, current_revision: pull.head },
      ...(pull.draft && { work_in_progress: true }),
    }),
    answer: (rows, { isMore }) =>
      rows.map((row, index) => (isMore && index === rows.length - 1 ? { ...row, _more_changes: true } : row)),
  },
  pagure: {
    path: /^\/(.+)\/pull-requests$/,
    page: numbered('per_page'),
    row: (pull, project) => ({
      ...{ id: pull.number, title: pull.title, initial_comment: pull.body, tags: pull.labels, full_url: url(pull) },
      status: { open: 'Open', merged: 'Merged', closed: 'Closed' }[pull.state],
      ...{ branch: pull.baseRef, branch_from: pull.headRef, commit_stop: pull.head, user: { name: pull.author } },
      last_updated: String(Date.parse(pull.updatedAt) / 1000),
      ...{ project: { fullname: project }, repo_from: { fullname: pull.headProject } },
    }),
    answer: (requests, { isMore }) => ({
      requests,
      pagination: { next: isMore ? 'https://pagure.io/next' : null, prev: null, page: 1, pages: 1, per_page: 50 },
    }),
  },
};

function atDataCenter(project: string) {
  const [key = '', slug = ''] = project.split('/');
  return { slug, project: { key } };
}

/** A page of the pull requests of a forge; undefined for a request that asks for something else. */
export function answerPulls(forge: FakeForge, request: SeenRequest): Answer | undefined {
  const dialect = dialects[forge.kind];
  const [, of, number, iterations] = dialect.one?.exec(request.path) ?? [];
  if (request.method === 'GET' && of !== undefined) {
    const pull = answerOne(forge, projectNamed(forge.kind, of, request.query), Number(number));
    if (iterations === undefined || pull.status !== 200) return pull;
    const heads = forge.pulls.filter((each) => each.number === Number(number)).map(({ head }) => head);
    const value = [azureBefore, ...heads].map((commitId, index) => ({ id: index + 1, sourceRefCommit: { commitId } }));
    return { status: 200, body: { count: value.length, value } };
  }
  const named = dialect.path.exec(request.path)?.[1];
  if (request.method !== 'GET' || named === undefined) return undefined;
  const project = projectNamed(forge.kind, named, request.query);
  if (![...forge.projects, ...forge.readOnly].includes(project)) return { status: 404, body: { message: 'Not Found' } };
  const unknown = forge.contract.unknownListParameters(request.query);
  forge.violations.push(...unknown.map((name) => `no parameter ${name}`));
  const { first, size } = dialect.page(request.query);
  const rows = forge.pulls.slice(first, first + size).map((pull) => dialect.row(pull, project));
  const body = dialect.answer(rows, { first, isMore: forge.pulls.length > first + size });
  const wrong = forge.contract.wrongPulls(body);
  if (wrong !== undefined) forge.violations.push(`the fake itself answers wrongly: ${wrong}`);
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('hex')}"`;
  if (!dialect.hasTags) return { status: 200, body };
  if (request.headers['if-none-match'] === etag) return { status: 304, body: '' };
  return { status: 200, headers: { etag }, body };
}

function answerOne(forge: FakeForge, project: string, number: number): Answer {
  const pull = forge.pulls.find((each) => each.number === number);
  const isKnown = [...forge.projects, ...forge.readOnly].includes(project);
  if (!isKnown || !pull) return { status: 404, body: { message: 'Not Found' } };
  return { status: 200, body: dialects[forge.kind].row(pull, project) };
}

function projectNamed(kind: ForgeKind, named: string, query: URLSearchParams): string {
  if (kind === 'gerrit') return /^project:"(.+)"$/.exec(query.get('q') ?? '')?.[1] ?? '';
  const plain = decodeURIComponent(named);
  return plain.replace('/repos/', '/').replace('/_apis/git/repositories/', '/');
}
