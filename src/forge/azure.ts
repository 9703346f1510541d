import type { CommitState } from '../kernel/commit-status.ts';
import type { ForgeAccess } from './access.ts';
import type { CommitStatus, Forge } from './forge.ts';
import { notKept } from './not-kept.ts';
import { listAtAzure } from './pull-requests/azure.ts';
import { ForgeClient } from './request.ts';

const states: { readonly [S in CommitState]: string } = {
  pending: 'pending',
  success: 'succeeded',
  failure: 'failed',
  error: 'error',
  cancelled: 'error',
  skipped: 'succeeded',
};

/** The version of the API that is asked for. */
const version = 'api-version=7.1';

/** Statuses at Azure DevOps, https://learn.microsoft.com/rest/api/azure/devops/git/statuses. */
export function azure(access: ForgeAccess, timeout: number): Forge {
  // a personal access token is a password without a user name
  const authorization = `Basic ${Buffer.from(`:${access.token}`).toString('base64')}`;
  const client = new ForgeClient(access, { authorization }, timeout);
  const pathOf = (project: string) => {
    const [organization = '', name = '', repository = ''] = project.split('/').map(encodeURIComponent);
    return `/${organization}/${name}/_apis/git/repositories/${repository}`;
  };
  const statusesOf = ({ project, sha }: CommitStatus) => `${pathOf(project)}/commits/${sha}/statuses?${version}`;
  return {
    // there is no address that is the same for all organizations: the check of a project shows it
    checkToken: async () => undefined,
    checkProject: async (project) => {
      const path = `${pathOf(project)}?${version}`;
      await client.ask({ method: 'GET', path }, [200], `a question about ${project}`);
    },
    setStatus: async (status) => {
      const { project, description, url } = status;
      const body = { state: states[status.state], description, targetUrl: url, context: contextOf(status) };
      const request = { method: 'POST', path: statusesOf(status), body } as const;
      const { json } = await client.ask(request, [200, 201], `setting a status of ${project}`);
      if (Object(json).state !== body.state) throw notKept(status);
    },
    hasStatus: async (status) => {
      const path = `${statusesOf(status)}&latestOnly=true&top=1000`;
      const what = `reading the statuses of ${status.project}`;
      const { json } = await client.ask({ method: 'GET', path }, [200], what);
      const { value } = Object(json) as { value?: unknown };
      const { name, genre } = contextOf(status);
      const rows = (Array.isArray(value) ? value : []) as ({
        state?: unknown;
        context?: { name?: unknown; genre?: unknown };
      } | null)[];
      const found = rows.find((row) => row?.context?.name === name && row.context.genre === genre);
      return found?.state === states[status.state];
    },
    pullRequests: (project, asked) => listAtAzure(client, { project, path: pathOf(project) }, asked),
  };
}

/** `volt/push` is the name `push` of the genre `volt`. */
function contextOf({ context }: Pick<CommitStatus, 'context'>): { genre: string; name: string } {
  const [genre = '', ...name] = context.split('/');
  return { genre, name: name.join('/') };
}
