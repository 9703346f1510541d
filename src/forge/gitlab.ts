import type { CommitState } from '../kernel/commit-status.ts';
import { Payload } from '../kernel/payload.ts';
import { shortRef } from '../kernel/ref-name.ts';
import type { ForgeAccess } from './access.ts';
import { type ForgeAnswer, quoted } from './answer.ts';
import { developer, gitlabComments } from './comments/gitlab.ts';
import { ForgeFault } from './fault.ts';
import type { CommitStatus, Forge } from './forge.ts';
import { listAtGitlab } from './pull-requests/gitlab.ts';
import { branchIn } from './pull-requests/pull-request.ts';
import { ForgeClient } from './request.ts';

/** GitLab's `skipped` is not accepted by older versions. */
const states: { readonly [S in CommitState]: string } = {
  pending: 'pending',
  success: 'success',
  failure: 'failed',
  error: 'failed',
  cancelled: 'canceled',
  skipped: 'success',
};

/** Statuses at GitLab, https://docs.gitlab.com/api/commits/#set-commit-pipeline-status. */
export function gitlab(access: ForgeAccess, timeout: number): Forge {
  const client = new ForgeClient(access, { authorization: `Bearer ${access.token}` }, timeout);
  const pathOf = (project: string) => `/projects/${encodeURIComponent(project)}`;
  const set = ({ project, sha, ref, context, state, description, url }: CommitStatus, more: readonly number[] = []) => {
    const body = { state: states[state], name: context, ref: branchOf(ref), description, target_url: url };
    const request = { method: 'POST', path: `${pathOf(project)}/statuses/${sha}`, body } as const;
    return client.ask(request, [200, 201, 400, 404, ...more], `setting a status of ${project}`);
  };
  /** In a stranger's fork Volt mostly may not. */
  const trySetting = async (fork: CommitStatus) => isSet(await set(fork, [403]), fork);
  const shows = async ({ project, sha, ref, context, state }: CommitStatus, more: readonly number[] = []) => {
    const sorted = { per_page: '100', order_by: 'id', sort: 'desc' };
    const query = new URLSearchParams({ ref: branchOf(ref), name: context, ...sorted });
    const path = `${pathOf(project)}/repository/commits/${sha}/statuses?${query}`;
    const { json } = await client.ask({ method: 'GET', path }, [200, ...more], `reading the statuses of ${project}`);
    const rows = (Array.isArray(json) ? json : []) as ({ id?: number; name?: unknown; status?: unknown } | null)[];
    const own = rows.filter((row) => row?.name === context).sort((a, b) => Number(b?.id ?? 0) - Number(a?.id ?? 0));
    return own[0]?.status === states[state];
  };
  return {
    checkToken: async () => {
      // tokens of other kinds get 404 or 403
      const path = '/personal_access_tokens/self';
      const { json } = await client.ask({ method: 'GET', path }, [200, 403, 404], 'a question about the token');
      const { scopes } = Object(json) as { scopes?: unknown };
      if (!Array.isArray(scopes) || scopes.includes('api')) return;
      throw new ForgeFault('forge_refused', 'the token lacks the scope `api`, which GitLab requires for statuses', {
        scope: 'forge',
        remedy: 'Make a token with the scope `api`: `volt forge set NAME --token-file FILE`.',
      });
    },
    checkProject: async (project) => {
      const { json } = await client.ask({ method: 'GET', path: pathOf(project) }, [200], `a question about ${project}`);
      const { permissions } = Object(json) as { permissions?: { [kind: string]: { access_level?: unknown } | null } };
      const levels = Object.values(Object(permissions) as NonNullable<typeof permissions>).flatMap((one) =>
        typeof one?.access_level === 'number' ? [one.access_level] : [],
      );
      // GitLab names no level of administrators, and of groups that were invited
      if (levels.length === 0 || Math.max(...levels) >= developer) return;
      throw new ForgeFault('forge_refused', `the user of the token is not a developer of ${project}`, {
        scope: 'repository',
        remedy: 'Give the user of the token the role Developer or a higher one.',
      });
    },
    setStatus: async (status) => {
      const fork = await forkOf(client, status);
      if (fork && (await trySetting(fork))) return;
      const { project } = status;
      const answer = await set(status);
      if (isSet(answer, status)) return;
      const { message } = Object(answer.json) as { message?: unknown };
      throw new ForgeFault('forge_refused', `GitLab refuses a status of ${project}: ${quoted(answer, access.token)}`, {
        // also said of a project that the token may not see
        scope: answer.status === 404 && !/Commit|References|Pipeline/.test(String(message)) ? 'repository' : 'status',
        remedy:
          'Check that the commit is in the project at GitLab, and that the user of the token is a developer of it.',
      });
    },
    hasStatus: async (status) => {
      const fork = await forkOf(client, status);
      return (fork !== undefined && (await shows(fork, [403, 404]))) || shows(status);
    },
    pullRequests: (project, asked) => listAtGitlab(client, project, asked),
    comments: gitlabComments(client),
  };
}

/**
 * A status of a merge request's head, as its fork is to show it: merge requests look for them there. The branch and the project are
 * asked of GitLab for each status, since the branch may be renamed.
 * @returns undefined for other statuses, and where the fork is gone
 */
async function forkOf(client: ForgeClient, status: CommitStatus): Promise<CommitStatus | undefined> {
  const { project, ref } = status;
  const number = /^refs\/merge-requests\/(\d+)\/head$/.exec(ref)?.[1];
  if (number === undefined) return undefined;
  const path = `/projects/${encodeURIComponent(project)}/merge_requests/${number}`;
  const answer = await client.ask({ method: 'GET', path }, [200, 403, 404], `a merge request of ${project}`);
  const its = Payload.of(answer.json);
  const [from, to] = [its.at('source_project_id').number(), its.at('target_project_id').number()];
  const branch = branchIn(its.at('source_branch'));
  if (answer.status !== 200 || from === null || from === to || branch === null) return undefined;
  return { ...status, project: String(from), ref: `refs/heads/${branch}` };
}

/** GitLab finds a status again by its ref; without one it takes that of the newest pipeline. */
function branchOf(ref: string): string {
  return shortRef(ref);
}

/** Whether GitLab has set a status, or has it already, for example "Cannot transition status via :run from :running". */
function isSet({ json }: ForgeAnswer, { state }: CommitStatus): boolean {
  const { message, status } = Object(json) as { message?: unknown; status?: unknown };
  const text = typeof message === 'string' ? message : JSON.stringify(message ?? '');
  return status === states[state] || /Cannot transition status/i.test(text);
}
