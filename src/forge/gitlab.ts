import type { CommitState } from '../kernel/commit-status.ts';
import type { ForgeAccess } from './access.ts';
import { quoted } from './answer.ts';
import { developer, gitlabComments } from './comments/gitlab.ts';
import { ForgeFault } from './fault.ts';
import type { CommitStatus, Forge } from './forge.ts';
import { listAtGitlab } from './pull-requests/gitlab.ts';
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
      const { project, sha, context, description, url } = status;
      const body = { state: states[status.state], name: context, ref: refOf(status), description, target_url: url };
      const request = { method: 'POST', path: `${pathOf(project)}/statuses/${sha}`, body } as const;
      const answer = await client.ask(request, [200, 201, 400, 404], `setting a status of ${project}`);
      const { message, status: kept } = Object(answer.json) as { message?: unknown; status?: unknown };
      if (kept === body.state || isThereAlready(message)) return;
      throw new ForgeFault('forge_refused', `GitLab refuses a status of ${project}: ${quoted(answer, access.token)}`, {
        // also said of a project that the token may not see
        scope: answer.status === 404 && !/Commit|References|Pipeline/.test(String(message)) ? 'repository' : 'status',
        remedy:
          'Check that the commit is in the project at GitLab, and that the user of the token is a developer of it.',
      });
    },
    hasStatus: async (status) => {
      const { project, sha, context } = status;
      const query = new URLSearchParams({
        ref: refOf(status),
        name: context,
        per_page: '100',
        order_by: 'id',
        sort: 'desc',
      });
      const path = `${pathOf(project)}/repository/commits/${sha}/statuses?${query}`;
      const { json } = await client.ask({ method: 'GET', path }, [200], `reading the statuses of ${project}`);
      const rows = (Array.isArray(json) ? json : []) as ({ id?: number; name?: unknown; status?: unknown } | null)[];
      const own = rows.filter((row) => row?.name === context).sort((a, b) => Number(b?.id ?? 0) - Number(a?.id ?? 0));
      return own[0]?.status === states[status.state];
    },
    pullRequests: (project, asked) => listAtGitlab(client, project, asked),
    comments: gitlabComments(client),
  };
}

/** GitLab finds a status again by its ref; without one it takes that of the newest pipeline. */
function refOf({ ref }: Pick<CommitStatus, 'ref'>): string {
  return ref.replace(/^refs\/(heads|tags)\//, '');
}

/** GitLab refuses to set the state that a status has already, for example "Cannot transition status via :run from :running". */
function isThereAlready(message: unknown): boolean {
  return /Cannot transition status/i.test(typeof message === 'string' ? message : JSON.stringify(message ?? ''));
}
