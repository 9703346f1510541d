import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import type { Answer, FakeForge, SeenRequest } from './fake-forge.ts';

/** A comment on a pull request that a fake forge has. */
export interface FakeComment {
  id: number;
  /** of the pull request */
  number: number;
  author: string;
  text: string;
  /** ms since 1970 */
  createdAt: number;
  updatedAt: number;
}

/** A comment that somebody has just written, unless the parts say otherwise. */
export function fakeComment(parts: Partial<FakeComment> & { text: string }): FakeComment {
  // GitHub's ids are larger than 32 bits
  const at = Math.floor(Date.now() / 1000) * 1000;
  return { id: 3_000_000_001, number: 7, author: 'ada', createdAt: at, updatedAt: at, ...parts };
}

/** The account of a name, which each name has one of. */
export function accountOf(name: string): { id: number; uuid: string } {
  const id = [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 1_000_000;
  return { id, uuid: `{00000000-0000-4000-8000-${String(id).padStart(12, '0')}}` };
}

type Asked =
  | { what: 'read'; number: number; id: number | undefined }
  | { what: 'permission'; name: string | undefined }
  | { what: 'write'; number: number };

interface CommentDialect {
  parse(request: SeenRequest): Asked | undefined;
  /** @param number of the pull request that the path names */
  read(comment: FakeComment | undefined): object;
  permission(name: string, mayWrite: boolean): object;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every form, which the contract has checked
  textIn(body: any): string;
  done: number;
}

const iso = (time: number) => new Date(time).toISOString();
const ofGithub = (name: string) => ({ login: name, id: accountOf(name).id });

const github: CommentDialect = {
  parse: ({ method, path }) => {
    const of = '^/repos/acme/app';
    const [, id] = new RegExp(`${of}/issues/comments/(\\d+)$`).exec(path) ?? [];
    if (id !== undefined) return { what: 'read', number: 0, id: Number(id) };
    const [, name] = new RegExp(`${of}/collaborators/(.+)/permission$`).exec(path) ?? [];
    if (name !== undefined) return { what: 'permission', name: decodeURIComponent(name) };
    const [, number] = new RegExp(`${of}/issues/(\\d+)/comments$`).exec(path) ?? [];
    return number !== undefined && method === 'POST' ? { what: 'write', number: Number(number) } : undefined;
  },
  read: (comment) => ({
    ...{ id: comment?.id, body: comment?.text, user: ofGithub(comment?.author ?? '') },
    ...{ created_at: iso(comment?.createdAt ?? 0), updated_at: iso(comment?.updatedAt ?? 0) },
    issue_url: `https://api.git.example/repos/acme/app/issues/${comment?.number}`,
  }),
  permission: (name, mayWrite) => {
    const permission = mayWrite ? 'write' : 'read';
    return { permission, role_name: permission, user: ofGithub(name) };
  },
  textIn: ({ body }) => body,
  done: 201,
};
const gitea: CommentDialect = {
  ...github,
  read: (comment) => ({
    ...github.read(comment),
    ...{ issue_url: '', pull_request_url: `https://git.example/acme/app/pulls/${comment?.number}` },
  }),
};

/** How each kind of forge shows comments, and who may write. */
const dialects: { readonly [K in ForgeKind]?: CommentDialect } = {
  ...{ github, gitea, forgejo: gitea },
  gitlab: {
    parse: ({ method, path }) => {
      const [, number, id] = /^\/projects\/acme%2Fapp\/merge_requests\/(\d+)\/notes(?:\/(\d+))?$/.exec(path) ?? [];
      if (id !== undefined) return { what: 'read', number: Number(number), id: Number(id) };
      if (number !== undefined && method === 'POST') return { what: 'write', number: Number(number) };
      const [, account] = /^\/projects\/acme%2Fapp\/members\/all\/(\d+)$/.exec(path) ?? [];
      return account === undefined ? undefined : { what: 'permission', name: account };
    },
    read: (comment) => ({
      ...{ id: comment?.id, body: comment?.text, system: false, noteable_type: 'MergeRequest' },
      ...{
        noteable_iid: comment?.number,
        author: { id: accountOf(comment?.author ?? '').id, username: comment?.author },
      },
      ...{ created_at: iso(comment?.createdAt ?? 0), updated_at: iso(comment?.updatedAt ?? 0) },
    }),
    permission: (account, mayWrite) => ({
      ...{ id: Number(account), username: 'somebody', state: 'active', access_level: mayWrite ? 30 : 20 },
    }),
    textIn: ({ body }) => body,
    done: 201,
  },
  bitbucket: {
    parse: ({ method, path, query }) => {
      const [, number, id] = /^\/repositories\/acme\/app\/pullrequests\/(\d+)\/comments(?:\/(\d+))?$/.exec(path) ?? [];
      if (id !== undefined) return { what: 'read', number: Number(number), id: Number(id) };
      if (number !== undefined && method === 'POST') return { what: 'write', number: Number(number) };
      if (path !== '/workspaces/acme/permissions/repositories/app') return undefined;
      return { what: 'permission', name: /^user\.uuid="(.+)"$/.exec(query.get('q') ?? '')?.[1] };
    },
    read: (comment) => ({
      ...{ id: comment?.id, content: { raw: comment?.text }, deleted: false },
      user: { uuid: accountOf(comment?.author ?? '').uuid, nickname: comment?.author },
      ...{ created_on: iso(comment?.createdAt ?? 0), updated_on: iso(comment?.updatedAt ?? 0) },
    }),
    permission: (uuid, mayWrite) => {
      const permission = mayWrite ? 'write' : 'read';
      return { values: [{ type: 'repository_permission', permission, user: { uuid, nickname: 'somebody' } }] };
    },
    textIn: ({ content }) => content.raw,
    done: 201,
  },
  'bitbucket-dc': {
    parse: ({ method, path, query }) => {
      const of = '^/api/latest/projects/acme/repos/app';
      const [, number, id] = new RegExp(`${of}/pull-requests/(\\d+)/comments(?:/(\\d+))?$`).exec(path) ?? [];
      if (id !== undefined) return { what: 'read', number: Number(number), id: Number(id) };
      if (number !== undefined && method === 'POST') return { what: 'write', number: Number(number) };
      const isAsked = new RegExp(`${of}/permissions/users$`).test(path);
      if (isAsked) return { what: 'permission', name: query.get('filter') ?? undefined };
      return path === '/api/latest/projects/acme/permissions/users' ? { what: 'permission', name: '' } : undefined;
    },
    read: (comment) => ({
      ...{ id: comment?.id, version: 0, text: comment?.text },
      author: { name: comment?.author, id: accountOf(comment?.author ?? '').id },
      ...{ createdDate: comment?.createdAt, updatedDate: comment?.updatedAt },
    }),
    permission: (name, mayWrite) => ({
      isLastPage: true,
      // the filter finds other names that contain it, too
      values: [
        { user: { name: `${name}-admin` }, permission: 'REPO_ADMIN' },
        ...(name === '' ? [] : [{ user: { name }, permission: mayWrite ? 'REPO_WRITE' : 'REPO_READ' }]),
      ],
    }),
    textIn: ({ text }) => text,
    done: 201,
  },
  pagure: {
    parse: ({ method, path }) => {
      const [, number, end] = /^\/acme\/app\/pull-request\/(\d+)(\/comment)?$/.exec(path) ?? [];
      if (end !== undefined && method === 'POST') return { what: 'write', number: Number(number) };
      if (number !== undefined) return { what: 'read', number: Number(number), id: undefined };
      return path === '/acme/app' ? { what: 'permission', name: undefined } : undefined;
    },
    read: (comment) => ({
      id: comment?.number ?? 7,
      comments: comment
        ? [
            {
              ...{ id: comment.id, comment: comment.text, notification: false, user: { name: comment.author } },
              date_created: String(Math.floor(comment.createdAt / 1000)),
              edited_on: comment.updatedAt > comment.createdAt ? String(Math.floor(comment.updatedAt / 1000)) : null,
            },
          ]
        : [],
    }),
    permission: () => ({}),
    textIn: ({ comment }) => comment,
    done: 200,
  },
};

/** What a forge answers about comments; undefined for a request about something else. */
export function answerComments(forge: FakeForge, request: SeenRequest): Answer | undefined {
  const dialect = dialects[forge.kind];
  const asked = dialect?.parse(request);
  if (!dialect || !asked) return undefined;
  if (asked.what === 'write') {
    const wrong = forge.contract.wrongComment(request.body);
    if (wrong !== undefined) forge.violations.push(wrong);
    forge.answers.push({ number: asked.number, text: dialect.textIn(request.body) });
    return { status: dialect.done, body: {} };
  }
  const body = asked.what === 'read' ? comment(forge, dialect, asked) : permission(forge, dialect, asked.name);
  if (body === undefined) return { status: 404, body: { message: 'Not Found' } };
  const wrong = forge.contract.wrongCommentAnswer(asked.what, body);
  if (wrong !== undefined) forge.violations.push(`the fake itself answers wrongly: ${wrong}`);
  return { status: 200, body };
}

function comment(forge: FakeForge, dialect: CommentDialect, { number, id }: Extract<Asked, { what: 'read' }>) {
  const found = forge.comments.find((one) => (id ?? one.id) === one.id && (number === 0 || one.number === number));
  return found || id === undefined ? dialect.read(found) : undefined;
}

function permission(forge: FakeForge, dialect: CommentDialect, name: string | undefined) {
  if (forge.kind === 'pagure') {
    const [owner = 'nobody', ...commit] = forge.writers;
    return { name: 'app', access_users: { owner: [owner], admin: [], commit, collaborator: [], ticket: ['reader'] } };
  }
  const writers = forge.writers.flatMap((each) => [each, String(accountOf(each).id), accountOf(each).uuid]);
  return name === undefined ? undefined : dialect.permission(name, writers.includes(name));
}
