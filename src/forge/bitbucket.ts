import { createHash } from 'node:crypto';
import type { CommitState } from '../kernel/commit-status.ts';
import type { ForgeAccess } from './access.ts';
import { bitbucketComments } from './comments/bitbucket.ts';
import type { CommitStatus, Forge } from './forge.ts';
import { notKept } from './not-kept.ts';
import { listAtBitbucket } from './pull-requests/bitbucket.ts';
import { ForgeClient } from './request.ts';
import { basicOrBearer } from './token.ts';

const states: { readonly [S in CommitState]: string } = {
  pending: 'INPROGRESS',
  success: 'SUCCESSFUL',
  failure: 'FAILED',
  error: 'FAILED',
  cancelled: 'STOPPED',
  skipped: 'SUCCESSFUL',
};

/** Statuses at Bitbucket Cloud, https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/. */
export function bitbucket(access: ForgeAccess, timeout: number): Forge {
  const client = new ForgeClient(access, { authorization: basicOrBearer(access.token) }, timeout);
  const statusesOf = ({ project, sha }: CommitStatus) => `/repositories/${project}/commit/${sha}/statuses/build`;
  return {
    checkToken: async () => {
      // a token without the right to read accounts is valid all the same
      await client.ask({ method: 'GET', path: '/user' }, [200, 403, 404], 'a question about the token');
    },
    checkProject: async (project) => {
      const path = `/repositories/${project}`;
      await client.ask({ method: 'GET', path }, [200], `a question about ${project}`);
    },
    setStatus: async (status) => {
      const { project, context, description, url, ref } = status;
      const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
      const body = {
        ...{ key: keyOf(context), name: context, state: states[status.state], description, url },
        ...(branch !== undefined && { refname: branch }),
      };
      const request = { method: 'POST', path: statusesOf(status), body } as const;
      const { json } = await client.ask(request, [200, 201], `setting a status of ${project}`);
      if (Object(json).state !== body.state) throw notKept(status);
    },
    hasStatus: async (status) => {
      const path = `${statusesOf(status)}/${keyOf(status.context)}`;
      const what = `reading a status of ${status.project}`;
      const { json } = await client.ask({ method: 'GET', path }, [200, 404], what);
      return Object(json).state === states[status.state];
    },
    pullRequests: (project, asked) => listAtBitbucket(client, project, asked),
    comments: bitbucketComments(client),
  };
}

/** A key has at most 40 characters, and is part of a path. */
function keyOf(context: string): string {
  // others might have the key of another context
  if (/^volt\/[\w-]{1,30}$/.test(context)) return context.replace('/', '-');
  return createHash('sha1').update(context).digest('hex');
}
