import type { Answer, FakeForge, SeenRequest, StatusRow } from './fake-forge.ts';

/** What a forge answers, by its kind. */
export function answerAs(forge: FakeForge, request: SeenRequest): Answer {
  if (forge.kind === 'github' && !request.headers['user-agent']) return { status: 403, body: 'no user agent' };
  if (!authorized(forge, request)) return { status: 401, body: { message: 'Bad credentials' } };
  return forge.kind === 'gitlab' ? gitlab(forge, request) : likeGithub(forge, request);
}

function authorized(forge: FakeForge, { headers }: SeenRequest): boolean {
  const scheme = { github: 'Bearer', gitlab: 'Bearer', gitea: 'token', forgejo: 'token' }[forge.kind];
  return headers.authorization === `${scheme} ${forge.token}`;
}

/** GitHub, and Gitea and Forgejo with a few names of their own. */
function likeGithub(forge: FakeForge, request: SeenRequest): Answer {
  const { method, path } = request;
  if (path === '/rate_limit' || path === '/user') return { status: 200, body: {} };
  const [, project = '', rest = ''] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(path) ?? [];
  const mayWrite = forge.projects.includes(project);
  if (!mayWrite && !forge.readOnly.includes(project)) return { status: 404, body: { message: 'Not Found' } };
  if (method === 'GET' && rest === '') return { status: 200, body: { permissions: { pull: true, push: mayWrite } } };
  const [, listed] = /^\/commits\/(\w+)\/statuses$/.exec(rest) ?? [];
  if (method === 'GET' && listed)
    return { status: 200, body: rowsOf(forge, project, listed).map(likeGithubRow(forge)) };
  const [, sha] = /^\/statuses\/(\w+)$/.exec(rest) ?? [];
  if (method !== 'POST' || !sha) return { status: 404, body: { message: 'Not Found' } };
  if (!mayWrite) {
    return {
      status: 403,
      headers: { 'x-accepted-github-permissions': 'statuses=write' },
      body: { message: 'Resource not accessible by personal access token' },
    };
  }
  const problem = refusal(forge, request.body);
  if (problem !== undefined) return { status: 422, body: { message: 'Validation Failed', errors: [problem] } };
  if (forge.missing.includes(sha)) return { status: 422, body: { message: `No commit found for SHA: ${sha}` } };
  const { context, state, description = null, target_url = null } = request.body;
  const row = keep(forge, { project, sha, context, ref: '', state, description, url: target_url });
  return { status: 201, body: likeGithubRow(forge)(row) };
}

/** Lengths as GitHub measures them, see https://docs.github.com/en/rest/commits/statuses. */
function refusal(forge: FakeForge, body: { [name: string]: unknown }): string | undefined {
  const { state, description, context } = body as { state: string; description?: string; context?: string };
  if (!['pending', 'success', 'error', 'failure'].includes(state)) return 'state is not included in the list';
  if (forge.kind !== 'github') return undefined;
  if ([...(description ?? '')].length > 140) return 'description is too long (maximum is 140 characters)';
  if ((context ?? '').length > 255) return 'context is too long (maximum is 255 characters)';
  return undefined;
}

function likeGithubRow({ kind }: FakeForge) {
  return ({ id, context, state, description, url }: StatusRow) => ({
    ...{ id, context, description, target_url: url, [kind === 'github' ? 'state' : 'status']: state },
  });
}

/** GitLab finds a status again while it is pending or running, and refuses to move it to the state that it has. */
function gitlab(forge: FakeForge, request: SeenRequest): Answer {
  const { method, path, query, body } = request;
  if (path === '/personal_access_tokens/self') return { status: 200, body: { scopes: ['api'] } };
  const [, encoded = '', rest = ''] = /^\/projects\/([^/]+)(.*)$/.exec(path) ?? [];
  const project = decodeURIComponent(encoded);
  const mayWrite = forge.projects.includes(project);
  if (!mayWrite && !forge.readOnly.includes(project))
    return { status: 404, body: { message: '404 Project Not Found' } };
  const permissions = { project_access: { access_level: mayWrite ? 30 : 20 }, group_access: null };
  if (method === 'GET' && rest === '') return { status: 200, body: { permissions } };
  const [, listed] = /^\/repository\/commits\/(\w+)\/statuses$/.exec(rest) ?? [];
  if (method === 'GET' && listed) {
    const rows = rowsOf(forge, project, listed).filter((row) => row.ref === query.get('ref'));
    return { status: 200, body: rows.map(likeGitlabRow) };
  }
  const [, sha] = /^\/statuses\/(\w+)$/.exec(rest) ?? [];
  if (method !== 'POST' || !sha) return { status: 404, body: { message: '404 Not Found' } };
  if (!mayWrite) return { status: 403, body: { message: '403 Forbidden' } };
  if (forge.missing.includes(sha)) return { status: 404, body: { message: '404 Commit Not Found' } };
  const { state, name: context, ref, description = null, target_url: url = null } = body;
  if (!['pending', 'running', 'success', 'failed', 'canceled', 'skipped'].includes(state))
    return { status: 400, body: { error: 'state does not have a valid value' } };
  const open = forge.rows.find(
    (row) =>
      row.sha === sha && row.ref === ref && row.context === context && ['pending', 'running'].includes(row.state),
  );
  if (open?.state === state) {
    const message = `Cannot transition status via :${state === 'pending' ? 'enqueue' : 'run'} from :${state} (Reason(s): Status cannot transition)`;
    return { status: 400, body: { message } };
  }
  if (!open)
    return { status: 201, body: likeGitlabRow(keep(forge, { project, sha, context, ref, state, description, url })) };
  Object.assign(open, { state, description, url });
  return { status: 201, body: likeGitlabRow(open) };
}

function likeGitlabRow({ id, context, ref, state, description, url, sha }: StatusRow) {
  return { id, sha, ref, name: context, status: state, description, target_url: url };
}

function keep(forge: FakeForge, row: Omit<StatusRow, 'id'>): StatusRow {
  const kept = { id: forge.rows.length + 1, ...row };
  forge.rows.push(kept);
  return kept;
}

function rowsOf(forge: FakeForge, project: string, sha: string): StatusRow[] {
  return forge.rows.filter((row) => row.project === project && row.sha === sha).reverse();
}
