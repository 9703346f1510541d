import { type AppPermissions, type IssuedToken, issueToken, revokeToken } from '../forge/app-tokens.ts';
import { ForgeFault } from '../forge/fault.ts';
import { FadingMap } from '../kernel/fading-map.ts';
import { findIssuedToken, keepIssuedToken } from '../record/issued-tokens.ts';
import { findJobApp, type JobApp } from '../record/job-apps.ts';
import { findJobToken } from '../record/job-tokens.ts';
import type { OpenJob } from '../record/open-jobs.ts';
import { grantsToken, idTokenScope, narrowed, type Permissions } from '../workflow/permissions.ts';
import type { DispatcherContext } from './context.ts';
import type { NamedSecrets } from './secret-names.ts';

/** Milliseconds that GitHub has for an answer: jobs wait for it. */
const answerTimeout = 4000;

/** APIs that did not answer. For a while (5 s) nobody waits for them again, so that they hold up no secrets of other jobs. */
const away = new FadingMap<string, ForgeFault>(5000, 100);

/** What a workflow without `permissions` gets, as on GitHub where nobody has changed that. */
const usual: Permissions = { contents: 'read', packages: 'read' };

/** What the workflow of a job lets its token do. */
export type TokenRights = Pick<NamedSecrets, 'permissions' | 'withinUsual'>;

/**
 * What a job gets as GITHUB_TOKEN: the token that a person has given for jobs, else one that Volt as an App makes for this attempt, its
 * repository and its `permissions` alone.
 * @returns undefined if there is none, or if it may do nothing
 * @throws ForgeFault, and errors of the key file
 */
export async function jobToken(
  { database, config }: Pick<DispatcherContext, 'database' | 'config'>,
  job: OpenJob,
  { permissions, withinUsual }: TokenRights,
): Promise<string | undefined> {
  const given = await findJobToken(database.db, config, job.repo);
  if (given !== undefined) return given;
  const app = await findJobApp(database.db, config, job.repo);
  if (!app) return undefined;
  const ref = { job: job.id, attempt: job.attempt };
  const known = await findIssuedToken(database, config, ref);
  if (known !== undefined) return known;
  const { api } = app;
  const rights = (withinUsual ? narrowed(usual, permissions) : permissions) ?? usual;
  if (!grantsToken(rights)) return undefined;
  const issued = await issue(app, rights);
  if (await keepIssuedToken(database, config, ref, { ...issued, api })) return issued.token;
  await revokeToken(api, issued.token, answerTimeout).catch(() => undefined);
  return findIssuedToken(database, config, ref);
}

/** Whether a workflow asks for the token in its own words. What its actions ask for is not known yet. */
export function asksForToken({ plan }: Pick<OpenJob, 'plan'>): boolean {
  return /GITHUB_TOKEN|github\.token/i.test(plan);
}

async function issue(app: JobApp, permissions: Permissions): Promise<IssuedToken> {
  const { project, api } = app;
  const last = away.peek(api);
  if (last) throw last;
  try {
    return await issueToken(app, { project, permissions: scopesOf(permissions) }, answerTimeout);
  } catch (error) {
    if (error instanceof ForgeFault && error.code !== 'forge_refused') away.set(api, error);
    throw error;
  }
}

/** Workflows write `pull-requests` for what is `pull_requests` in the API. */
function scopesOf(permissions: Permissions): AppPermissions {
  return Object.fromEntries(
    Object.entries(permissions).flatMap(([scope, level]) =>
      scope === idTokenScope ? [] : [[scope.replaceAll('-', '_'), level]],
    ),
  );
}
