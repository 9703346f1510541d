import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import { answerComments } from './fake-comments.ts';
import type { Answer, FakeForge, SeenRequest, StatusRow } from './fake-forge.ts';
import { answerPulls } from './fake-pull-requests.ts';
import { type Asked, type Dialect, dialects } from './forge-dialects.ts';

/** What a forge answers. What is not as documented, on either side, goes to its `violations`. */
export function answerAs(forge: FakeForge, request: SeenRequest): Answer {
  const dialect = dialects[forge.kind];
  if (forge.kind === 'github' && !request.headers['user-agent']) return { status: 403, body: 'no user agent' };
  const ofApp = forge.app?.answer(request);
  if (ofApp) return ofApp;
  if (!knowsToken(forge, request)) return { status: 401, body: { message: 'Bad credentials' } };
  const other = answerPulls(forge, request) ?? answerComments(forge, request);
  if (other) return other;
  const asked = dialect.parse(request);
  if (!asked) return { status: 404, body: { message: 'Not Found' } };
  if (asked.what === 'token') return { status: 200, body: dialect.token ?? {} };
  const mayWrite = forge.projects.includes(asked.project);
  if (!mayWrite && !forge.readOnly.includes(asked.project)) return { status: 404, body: { message: 'Not Found' } };
  if (asked.what === 'project') return { status: 200, body: dialect.project?.(mayWrite) ?? {} };
  if (asked.what === 'list') return list(forge, dialect, request, asked);
  return mayWrite ? set(forge, dialect, request, asked) : forbidden(forge.kind);
}

/** Volt sends the token in one way, and the forges' own clients in others. */
function knowsToken({ kind, token, app }: FakeForge, { headers }: SeenRequest): boolean {
  if (app?.tokens.has(String(headers.authorization).replace('Bearer ', ''))) return true;
  if (headers.authorization === dialects[kind].authorization(token)) return true;
  if (kind === 'github') return headers.authorization === `token ${token}`;
  return kind === 'gitlab' && headers['private-token'] === token;
}

function list(forge: FakeForge, dialect: Dialect, { query }: SeenRequest, asked: Asked): Answer {
  const { project, sha, ref } = asked;
  forge.violations.push(...forge.contract.unknownParameters(query).map((name) => `no parameter ${name}`));
  const rows = forge.rows.filter((row) => row.project === project && row.sha === sha && (!ref || row.ref === ref));
  const body = dialect.list(rows.reverse(), asked);
  if (body === undefined) return { status: 404, body: {} };
  note(forge, forge.contract.wrongList(body));
  return { status: 200, body };
}

function set(forge: FakeForge, dialect: Dialect, { body }: SeenRequest, asked: Asked): Answer {
  const { project, sha } = asked;
  const wrong = forge.contract.wrongBody(body) ?? tooLong(forge.kind, body);
  if (wrong !== undefined) {
    forge.violations.push(wrong);
    return { status: forge.kind === 'gitlab' ? 400 : 422, body: { message: 'Validation Failed', errors: [wrong] } };
  }
  if (forge.missing.includes(sha)) {
    const message = forge.kind === 'gitlab' ? '404 Commit Not Found' : `No commit found for SHA: ${sha}`;
    return { status: dialect.noCommit, body: { message } };
  }
  const given = dialect.row(body, asked);
  const known = forge.rows.findLast((row) => row.sha === sha && row.ref === given.ref && row.context === given.context);
  const open = known && dialect.replaces(known) ? known : undefined;
  if (forge.kind === 'gitlab' && open?.state === given.state) return { status: 400, body: cannotMove(given.state) };
  const row: StatusRow = open ?? { id: forge.rows.length + 1, project, sha, ...given };
  if (open) Object.assign(open, given);
  else forge.rows.push(row);
  const answer = dialect.answer(row, open !== undefined);
  note(forge, forge.contract.wrongAnswer(answer));
  return { status: dialect.done, body: dialect.done === 204 ? '' : answer };
}

function note({ violations }: FakeForge, wrong: string | undefined): void {
  if (wrong !== undefined) violations.push(`the fake itself answers wrongly: ${wrong}`);
}

/** GitLab's words where a status has the state already. */
function cannotMove(state: string) {
  const event = state === 'pending' ? 'enqueue' : 'run';
  return { message: `Cannot transition status via :${event} from :${state} (Reason(s): Status cannot transition)` };
}

/** GitHub's limits, which its description leaves out: https://docs.github.com/en/rest/commits/statuses. */
function tooLong(kind: ForgeKind, body: { [name: string]: unknown }): string | undefined {
  const { description, context } = body as { description?: string; context?: string };
  if (kind !== 'github') return undefined;
  if ([...(description ?? '')].length > 140) return 'description is too long (maximum is 140 characters)';
  if ((context ?? '').length > 255) return 'context is too long (maximum is 255 characters)';
  return undefined;
}

function forbidden(kind: ForgeKind): Answer {
  if (kind === 'pagure') return { status: 401, body: { error: 'Invalid or expired token', error_code: 'EINVALIDTOK' } };
  return {
    status: 403,
    ...(kind === 'github' && { headers: { 'x-accepted-github-permissions': 'statuses=write' } }),
    body: { message: 'Resource not accessible by personal access token' },
  };
}
