import { FadingMap } from '../kernel/fading-map.ts';
import { serverNow } from '../kernel/server-time.ts';
import { hostIn } from './answer.ts';
import { type AppAccess, appPage, askAsApp, githubHeaders } from './app-client.ts';
import { ForgeFault } from './fault.ts';
import { ForgeClient } from './request.ts';

/** What a token may do, by the names of GitHub's API, such as `pull_requests`. */
export interface AppPermissions {
  [name: string]: 'read' | 'write';
}

/** A token of an App for one repository. */
export interface IssuedToken {
  token: string;
  /** ms since 1970; GitHub's last an hour */
  expiresAt: number;
  /** what it may do: no more than was asked for, and no more than the App may */
  permissions: AppPermissions;
}

/** What Volt itself does as an App: checks, questions about pull requests, and answers to comments with commands. */
const own: AppPermissions = { checks: 'write', pull_requests: 'write', issues: 'read' };
/** Milliseconds before its end from which on a token is not used any more. */
const spare = 300_000;

/** Tokens of this process that are still good, by API, App and project. */
const kept = new FadingMap<string, IssuedToken>(3_600_000, 1000);

/** The token with which Volt works in a project. @throws ForgeFault */
export async function ownToken(access: AppAccess, project: string, timeout: number): Promise<string> {
  const known = kept.peek(keyOf(access, project));
  if (known && known.expiresAt - spare > serverNow()) return known.token;
  const issued = await issueToken(access, { project, permissions: own }, timeout);
  if (issued.permissions.checks !== 'write') {
    throw new ForgeFault('forge_refused', `the App ${access.app} may not set checks of ${project}`, {
      scope: 'repository',
      remedy:
        'Give the App the permission "Checks: read and write" on its page at GitHub; the owner of the repository must accept it there.',
    });
  }
  kept.set(keyOf(access, project), issued);
  return issued.token;
}

/** Forgets the token of a project, which GitHub does not accept any more. */
export function forgetToken(access: AppAccess, project: string): void {
  kept.delete(keyOf(access, project));
}

function keyOf({ api, app }: AppAccess, project: string): string {
  return JSON.stringify([api, app, project]);
}

/**
 * Makes a token for one repository.
 * @param asked.permissions what it is to do; what the App may not do there is left out
 * @throws ForgeFault, for the repository where the App is not installed
 */
export async function issueToken(
  access: AppAccess,
  asked: { project: string; permissions: AppPermissions },
  timeout: number,
): Promise<IssuedToken> {
  const { project } = asked;
  const what = `asking for a token for ${project}`;
  const installation = await installationOf(access, project, timeout);
  const permissions = common(asked.permissions, installation.permissions);
  const body = { repositories: [project.slice(project.indexOf('/') + 1)], permissions };
  const path = `/app/installations/${installation.id}/access_tokens`;
  const { json } = await askAsApp(access, { method: 'POST', path, body }, [201], { what, timeout });
  const { token, expires_at: end, permissions: granted } = Object(json) as { [name: string]: unknown };
  const expiresAt = Date.parse(String(end));
  if (typeof token !== 'string' || token === '' || Number.isNaN(expiresAt)) throw foreign(access, what);
  const issued = { token, expiresAt, permissions: permissionsIn(granted) };
  if (!exceeds(issued.permissions, permissions)) return issued;
  await revokeToken(access.api, token, timeout);
  throw foreign(access, what);
}

/** Ends a token before its time; one that has ended already is fine. @throws ForgeFault */
export async function revokeToken(api: string, token: string, timeout: number): Promise<void> {
  const client = new ForgeClient({ kind: 'github', api, token }, githubHeaders(token), timeout);
  await client.ask({ method: 'DELETE', path: '/installation/token' }, [204, 401, 404], 'revoking a token');
}

async function installationOf(
  access: AppAccess,
  project: string,
  timeout: number,
): Promise<{ id: number; permissions: AppPermissions }> {
  const what = `asking where the App is installed, for ${project}`;
  const request = { method: 'GET', path: `/repos/${project}/installation` } as const;
  const { status, json } = await askAsApp(access, request, [200, 404], { what, timeout });
  if (status === 404) {
    const page = await appPage(access, timeout);
    throw new ForgeFault('forge_refused', `the App ${access.app} is not installed for ${project}`, {
      scope: 'repository',
      remedy: `Install it there${page === undefined ? '' : `: ${page}/installations/new`}. If it is not meant for this repository, limit the forge to others: \`volt forge set NAME --repo GLOB\`.`,
    });
  }
  const { id, permissions } = Object(json) as { id?: unknown; permissions?: unknown };
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw foreign(access, what);
  return { id, permissions: permissionsIn(permissions) };
}

/** What is both wanted and given. A token for which nothing is named would have all that the App may do. */
function common(wanted: AppPermissions, given: AppPermissions): AppPermissions {
  const both = Object.entries(wanted).flatMap(([name, level]) => {
    const most = given[name];
    return most === undefined ? [] : [[name, most === 'read' ? most : level] as const];
  });
  return { metadata: 'read', ...Object.fromEntries(both) };
}

function exceeds(granted: AppPermissions, asked: AppPermissions): boolean {
  return Object.entries(granted).some(([name, level]) => asked[name] !== level && asked[name] !== 'write');
}

function permissionsIn(json: unknown): AppPermissions {
  return Object.fromEntries(
    Object.entries(Object(json) as { [name: string]: unknown }).flatMap(([name, level]) =>
      // GitHub knows a third level, of which Volt asks for nothing
      level === 'read' || level === 'write' || level === 'admin' ? [[name, level === 'read' ? level : 'write']] : [],
    ),
  );
}

function foreign({ api }: AppAccess, what: string): ForgeFault {
  return new ForgeFault('forge_refused', `${hostIn(api)} does not answer as GitHub does to ${what}`, {
    scope: 'forge',
    remedy: 'Check `--api` of the forge, and whether a proxy answers in its name.',
  });
}
