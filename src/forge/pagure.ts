import { createHash } from 'node:crypto';
import type { CommitState } from '../kernel/commit-status.ts';
import type { ForgeAccess } from './access.ts';
import { pagureComments } from './comments/pagure.ts';
import type { CommitStatus, Forge } from './forge.ts';
import { notKept } from './not-kept.ts';
import { listAtPagure } from './pull-requests/pagure.ts';
import { ForgeClient } from './request.ts';

/** No id of a commit: Pagure 5.14 takes flags also for ids of commits that the repository does not have. */
const noCommit = 'no-commit';

const states: { readonly [S in CommitState]: string } = {
  pending: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  cancelled: 'canceled',
  skipped: 'success',
};

/** Flags at Pagure, https://pagure.io/api/0/, "Flag a commit". */
export function pagure(access: ForgeAccess, timeout: number): Forge {
  const client = new ForgeClient(access, { authorization: `token ${access.token}` }, timeout);
  return {
    // a project's token may not ask who it is: the check of a project shows it
    checkToken: async () => undefined,
    checkProject: async (project) => {
      await client.ask({ method: 'GET', path: `/${project}` }, [200], `a question about ${project}`);
      // Pagure looks at the token and its rights first: 404 says that only the commit is missing
      const form = {
        username: 'volt/check',
        comment: 'Volt checks its token',
        url: 'https://example.org',
        status: 'pending',
      };
      await client.ask({ method: 'POST', path: `/${project}/c/${noCommit}/flag`, form }, [404], `a flag of ${project}`);
    },
    setStatus: async (status) => {
      const { project, context, description, url } = status;
      const state = states[status.state];
      const form = { username: context, comment: description, url, status: state, uid: uidOf(status) };
      const request = { method: 'POST', path: flagsOf(status), form } as const;
      const { json } = await client.ask(request, [200], `a flag of ${project}`);
      if (Object(Object(json).flag).status !== state) throw notKept(status);
    },
    hasStatus: async (status) => {
      const path = flagsOf(status);
      const { json } = await client.ask({ method: 'GET', path }, [200], `reading the flags of ${status.project}`);
      const { flags } = Object(json) as { flags?: unknown };
      const rows = (Array.isArray(flags) ? flags : []) as ({
        username?: unknown;
        status?: unknown;
        url?: unknown;
      } | null)[];
      const own = rows.filter((row) => row?.username === status.context && row.url === status.url);
      return own.some((row) => row?.status === states[status.state]);
    },
    pullRequests: (project, asked) => listAtPagure(client, project, asked),
    comments: pagureComments(client),
  };
}

/**
 * A pull request shows the flags of its newest commit. A flag of the pull request itself would be one of the commit that is the newest
 * when the request arrives, which may be another one than the build's.
 */
function flagsOf({ project, sha }: CommitStatus): string {
  return `/${project}/c/${sha}/flag`;
}

/** A flag with the same id is updated; an id has at most 32 characters. */
function uidOf({ context, sha, ref }: CommitStatus): string {
  return createHash('sha256').update(`${context} ${sha} ${ref}`).digest('hex').slice(0, 32);
}
