import { createHash } from 'node:crypto';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import type { SeenRequest, StatusRow } from './fake-forge.ts';

/** What a request is about. */
export interface Asked {
  what: 'token' | 'project' | 'set' | 'list';
  project: string;
  sha: string;
  /** the only ref whose statuses are listed, or that the path names */
  ref?: string;
  /** the only name whose status is listed */
  context?: string;
}

/** How a kind of forge is spoken to. */
export interface Dialect {
  /** path of its API */
  api: string;
  authorization(token: string): string;
  parse(request: SeenRequest): Asked | undefined;
  /** what it answers about a valid token, and about a project */
  token?: object;
  project?(mayWrite: boolean): object;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every form, which the contract has checked
  row(body: any, asked: Asked): Omit<StatusRow, 'id' | 'project' | 'sha'>;
  /** whether a new status of the same name replaces this one, instead of becoming the newest */
  replaces(row: StatusRow): boolean;
  /** statuses of successful answers, and of those about a commit that it does not have */
  done: number;
  noCommit: number;
  answer(row: StatusRow, isUpdated: boolean): object;
  /** @param rows the newest first; undefined where it answers 404 */
  list(rows: StatusRow[], asked: Asked): object | undefined;
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const bearer = (token: string) => `Bearer ${token}`;

/** The parts of a path by a pattern with named groups `project`, `sha` and `ref`. */
function matched({ path }: SeenRequest, pattern: RegExp, what: Asked['what']): Asked | undefined {
  const groups = pattern.exec(decodeURIComponent(path))?.groups;
  if (!groups) return undefined;
  const { project = '', sha = '', ref } = groups;
  return { what, project, sha, ...(ref !== undefined && { ref }) };
}

const token = (request: SeenRequest, path: string): Asked | undefined =>
  request.path === path ? { what: 'token', project: '', sha: '' } : undefined;

const at = time();
function time(): string {
  return '2026-01-02T03:04:05Z';
}

/** GitHub, and with a name of its own Gitea and Forgejo. */
function likeGithub(state: 'state' | 'status'): Omit<Dialect, 'api' | 'authorization'> {
  const row = ({ id, context, state: value, description, url }: StatusRow) => ({
    ...{ id, context, description, target_url: url, [state]: value },
    ...{ url: '', avatar_url: null, node_id: '', created_at: at, updated_at: at, creator: null },
  });
  return {
    parse: (request) =>
      token(request, state === 'state' ? '/rate_limit' : '/user') ??
      (request.method === 'POST'
        ? matched(request, /^\/repos\/(?<project>[^/]+\/[^/]+)\/statuses\/(?<sha>\w+)$/, 'set')
        : (matched(request, /^\/repos\/(?<project>[^/]+\/[^/]+)\/commits\/(?<sha>\w+)\/statuses$/, 'list') ??
          matched(request, /^\/repos\/(?<project>[^/]+\/[^/]+)$/, 'project'))),
    project: (mayWrite) => ({ permissions: { pull: true, push: mayWrite } }),
    row: (body) => ({
      ...{ context: body.context ?? 'default', ref: '', state: body.state },
      ...{ description: body.description ?? null, url: body.target_url ?? null },
    }),
    replaces: () => false,
    ...{ done: 201, noCommit: state === 'state' ? 422 : 404 },
    answer: row,
    list: (rows) => rows.map(row),
  };
}

const gitlabRow = ({ id, sha, ref, context, state, description, url }: StatusRow) => ({
  ...{ id, sha, ref, name: context, status: state, description, target_url: url },
});

export const dialects: { readonly [K in ForgeKind]: Dialect } = {
  github: { api: '/api/v3', authorization: bearer, ...likeGithub('state') },
  gitea: { api: '/api/v1', authorization: (own) => `token ${own}`, ...likeGithub('status') },
  forgejo: { api: '/api/v1', authorization: (own) => `token ${own}`, ...likeGithub('status') },
  gitlab: {
    ...{ api: '/api/v4', authorization: bearer, token: { scopes: ['api'] } },
    parse: (request) => {
      const set = request.method === 'POST';
      const ref = request.query.get('ref');
      const found =
        token(request, '/personal_access_tokens/self') ??
        (set
          ? matched(request, /^\/projects\/(?<project>.+)\/statuses\/(?<sha>\w+)$/, 'set')
          : (matched(request, /^\/projects\/(?<project>.+)\/repository\/commits\/(?<sha>\w+)\/statuses$/, 'list') ??
            matched(request, /^\/projects\/(?<project>.+)$/, 'project')));
      return found && ref !== null ? { ...found, ref } : found;
    },
    project: (mayWrite) => ({
      permissions: { project_access: { access_level: mayWrite ? 30 : 20 }, group_access: null },
    }),
    row: ({ name, ref, state, description = null, target_url: url = null }) => ({
      ...{ context: name ?? 'default', ref, state, description, url },
    }),
    // a finished one is followed by another
    replaces: ({ state }) => ['pending', 'running'].includes(state),
    ...{ done: 201, noCommit: 404 },
    answer: gitlabRow,
    list: (rows) => rows.map(gitlabRow),
  },
  bitbucket: {
    ...{ api: '/2.0', authorization: bearer },
    parse: (request) => {
      const of = '^/repositories/(?<project>[^/]+/[^/]+)';
      const build = `${of}/commit/(?<sha>\\w+)/statuses/build`;
      const one = matched(request, new RegExp(`${build}/`), 'list');
      return (
        token(request, '/user') ??
        (request.method === 'POST'
          ? matched(request, new RegExp(`${build}$`), 'set')
          : one
            ? { ...one, context: request.path.split('/').at(-1) ?? '' }
            : matched(request, new RegExp(`${of}$`), 'project'))
      );
    },
    row: ({ name, state, description, url }) => ({ context: name, ref: '', state, description, url }),
    replaces: () => true,
    ...{ done: 201, noCommit: 404 },
    answer: ({ context, state, url }) => ({ type: 'build', key: context.replace('/', '-'), state, url }),
    list: (rows, { context }) => {
      const keysOf = (one = '') => [one.replace('/', '-'), createHash('sha1').update(one).digest('hex')];
      const row = rows.find((one) => keysOf(one.context).includes(context ?? ''));
      return row && { type: 'build', key: context, state: row.state, url: row.url };
    },
  },
  'bitbucket-dc': {
    ...{ api: '/rest', authorization: bearer },
    parse: (request) => {
      const of = '^/api/latest/projects/(?<owner>[^/]+)/repos/(?<name>[^/]+)';
      const [, owner, name, sha = ''] = new RegExp(`${of}(?:/commits/(\\w+)/builds)?$`).exec(request.path) ?? [];
      if (owner === undefined) return token(request, '/api/latest/application-properties');
      const context = request.query.get('key') ?? '';
      const what = sha === '' ? 'project' : request.method === 'POST' ? 'set' : 'list';
      return { what, project: `${owner}/${name}`, sha, context };
    },
    row: ({ key, state, description, url }) => ({ context: key, ref: '', state, description, url }),
    replaces: () => true,
    ...{ done: 204, noCommit: 404 },
    answer: () => ({}),
    list: (rows, { context }) => {
      const row = rows.find((one) => one.context === context);
      return row && { key: context, state: row.state, url: row.url };
    },
  },
  azure: {
    ...{ api: '', authorization: (own) => basic(`:${own}`) },
    parse: (request) => {
      const of =
        /^\/([^/]+)\/([^/]+)\/_apis\/git\/repositories\/([^/]+)(?:\/(commits|pullRequests)\/(\w+)\/statuses)?$/;
      const [, organization, name, repository, kind, id = ''] = of.exec(decodeURIComponent(request.path)) ?? [];
      if (organization === undefined || request.query.get('api-version') === null) return undefined;
      const what = id === '' ? 'project' : request.method === 'POST' ? 'set' : 'list';
      const sha = kind === 'pullRequests' ? `pull request ${id}` : id;
      return { what, project: `${organization}/${name}/${repository}`, sha };
    },
    row: ({ state, description, targetUrl: url, iterationId = '', context: { genre, name } }) => ({
      ...{ context: `${genre}/${name}`, ref: String(iterationId), state, description, url },
    }),
    replaces: () => false,
    ...{ done: 201, noCommit: 404 },
    answer: azureRow,
    list: (rows) => ({ count: rows.length, value: rows.map(azureRow) }),
  },
  gerrit: {
    ...{ api: '/a', authorization: basic },
    parse: (request) => {
      const [, project = '', change = '', patchSet = ''] =
        /^\/changes\/(.+)~(\d+)\/revisions\/(\d+)\/review$/.exec(decodeURIComponent(request.path)) ?? [];
      const what = request.method === 'POST' ? 'set' : 'list';
      if (change !== '')
        return { what, project, sha: changeSha, ref: `refs/changes/${change.slice(-2)}/${change}/${patchSet}` };
      return token(request, '/accounts/self') ?? matched(request, /^\/projects\/(?<project>.+)$/, 'project');
    },
    row: ({ labels, message, tag }, { ref = '' }) => ({
      ...{ context: tag.replace('autogenerated:', '').replace('~', '/'), ref, state: String(labels.Verified) },
      ...{ description: message.split('\n')[0], url: message.split('\n').at(-1) },
    }),
    replaces: () => true,
    ...{ done: 200, noCommit: 404 },
    answer: ({ state }) => ({ labels: { Verified: Number(state) } }),
    list: ([row]) => {
      const vote = Number(row?.state ?? 0);
      return { labels: { Verified: { ...(vote > 0 && { approved: {} }), ...(vote < 0 && { rejected: {} }) } } };
    },
  },
  pagure: {
    ...{ api: '/api/0', authorization: (own) => `token ${own}` },
    parse: (request) => {
      const what = request.method === 'POST' ? 'set' : 'list';
      return (
        matched(request, /^\/(?<project>.+)\/c\/(?<sha>[\w-]+)\/flag$/, what) ??
        matched(request, /^\/(?<project>.+)$/, 'project')
      );
    },
    row: ({ username, status, comment, url }, { ref = '' }) => ({
      ...{ context: username, ref, state: status, description: comment, url },
    }),
    replaces: () => true,
    ...{ done: 200, noCommit: 404 },
    answer: (row, isUpdated) => ({ flag: flag(row), message: isUpdated ? 'Flag updated' : 'Flag added', uid: 'x' }),
    list: (rows) => ({ flags: rows.map(flag) }),
  },
};

/** The commit of changes and pull requests whose paths do not name it. */
export const changeSha = 'c'.repeat(40);

function azureRow({ id, context, state, description, url, ref }: StatusRow) {
  const [genre = '', name = ''] = context.split('/');
  const iteration = ref === '' ? {} : { iterationId: Number(ref) };
  return { id, state, description, targetUrl: url, ...iteration, context: { genre, name } };
}

function flag({ context, description, url, state }: StatusRow) {
  return { username: context, comment: description, url, status: state };
}
