import type { CommitState } from '../kernel/commit-status.ts';
import type { ForgeAccess } from './access.ts';
import { bitbucketDataCenterComments } from './comments/bitbucket-data-center.ts';
import type { CommitStatus, Forge } from './forge.ts';
import { listAtBitbucketDataCenter } from './pull-requests/bitbucket-data-center.ts';
import { ForgeClient } from './request.ts';
import { basicOrBearer } from './token.ts';

/** Older versions do not know CANCELLED. */
const states: { readonly [S in CommitState]: string } = {
  pending: 'INPROGRESS',
  success: 'SUCCESSFUL',
  failure: 'FAILED',
  error: 'FAILED',
  cancelled: 'FAILED',
  skipped: 'SUCCESSFUL',
};

/** Statuses at Bitbucket Data Center from 7.4, https://developer.atlassian.com/server/bitbucket/rest/, "Builds and Deployments". */
export function bitbucketDataCenter(access: ForgeAccess, timeout: number): Forge {
  const client = new ForgeClient(access, { authorization: basicOrBearer(access.token) }, timeout);
  const pathOf = (project: string) => {
    const [owner = '', ...repository] = project.split('/');
    return `/api/latest/projects/${owner}/repos/${repository.join('/')}`;
  };
  const buildsOf = ({ project, sha }: CommitStatus) => `${pathOf(project)}/commits/${sha}/builds`;
  return {
    checkToken: async () => {
      await client.ask(
        { method: 'GET', path: '/api/latest/application-properties' },
        [200],
        'a question about the token',
      );
    },
    checkProject: async (project) => {
      await client.ask({ method: 'GET', path: pathOf(project) }, [200], `a question about ${project}`);
    },
    setStatus: async (status) => {
      const { project, context, description, url, ref } = status;
      const body = { key: context, name: context, state: states[status.state], description, url, ref };
      const request = { method: 'POST', path: buildsOf(status), body } as const;
      await client.ask(request, [200, 201, 204], `setting a status of ${project}`);
    },
    hasStatus: async (status) => {
      const path = `${buildsOf(status)}?key=${encodeURIComponent(status.context)}`;
      const what = `reading a status of ${status.project}`;
      const { json } = await client.ask({ method: 'GET', path }, [200, 404], what);
      return Object(json).state === states[status.state];
    },
    pullRequests: (project, asked) => listAtBitbucketDataCenter(client, { project, path: pathOf(project) }, asked),
    comments: bitbucketDataCenterComments(client, pathOf),
  };
}
