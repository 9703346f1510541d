import type { CommitState } from '../kernel/commit-status.ts';
import type { ForgeAccess } from './access.ts';
import { githubHeaders, isApp } from './app-client.ts';
import { githubComments } from './comments/github.ts';
import type { CommitStatus, Forge } from './forge.ts';
import { githubApp } from './github-app.ts';
import { notKept } from './not-kept.ts';
import { listAtGithub } from './pull-requests/github.ts';
import { ForgeClient } from './request.ts';

/** GitHub knows neither `cancelled` nor `skipped`; a status that stays pending would block a merge for ever. */
export const states: { readonly [S in CommitState]: string } = {
  pending: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  cancelled: 'error',
  skipped: 'success',
};

/** A commit that exists in no repository. */
const noCommit = '0'.repeat(40);

/** Statuses at GitHub, https://docs.github.com/en/rest/commits/statuses; where Volt is an App there, checks. */
export function github(access: ForgeAccess, timeout: number): Forge {
  if (isApp(access)) return githubApp(access, timeout);
  const client = new ForgeClient(access, githubHeaders(access.token), timeout);
  const setting = ({ project }: Pick<CommitStatus, 'project'>) => `setting a status of ${project}`;
  return {
    checkToken: async () => {
      // unlike /user, it is there for the tokens of apps, too
      await client.ask({ method: 'GET', path: '/rate_limit' }, [200, 404], 'a question about the token');
    },
    checkProject: async (project) => {
      await client.ask({ method: 'GET', path: `/repos/${project}` }, [200], `a question about ${project}`);
      // GitHub looks at the rights first: 422 says that only the commit is missing
      const body = { state: 'pending', context: 'volt/check' };
      const path = `/repos/${project}/statuses/${noCommit}`;
      await client.ask({ method: 'POST', path, body }, [201, 422], setting({ project }));
    },
    setStatus: async (status) => {
      const { project, sha, context, description, url } = status;
      const body = { state: states[status.state], context, description, target_url: url };
      const path = `/repos/${project}/statuses/${sha}`;
      const { json } = await client.ask({ method: 'POST', path, body }, [201], setting(status));
      if (Object(json).state !== body.state) throw notKept(status);
    },
    hasStatus: async (status) => {
      const { project, sha, context } = status;
      const path = `/repos/${project}/commits/${sha}/statuses?per_page=100`;
      const { json } = await client.ask({ method: 'GET', path }, [200], `reading the statuses of ${project}`);
      return newestIs(json, { context, state: states[status.state] });
    },
    pullRequests: (project, asked) => listAtGithub(client, project, asked),
    comments: githubComments(() => client),
  };
}

/** Whether the newest row of a context, which come first, has the state. @param rows an answer, of whatever form */
export function newestIs(rows: unknown, { context, state }: { context: string; state: string }): boolean {
  const list = (Array.isArray(rows) ? rows : []) as ({ context?: unknown; state?: unknown; status?: unknown } | null)[];
  const newest = list.find((row) => row?.context === context);
  return (newest?.state ?? newest?.status) === state;
}
