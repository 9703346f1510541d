import type { ForgeAccess } from './access.ts';
import { githubComments } from './comments/github.ts';
import { ForgeFault } from './fault.ts';
import type { CommitStatus, Forge } from './forge.ts';
import { newestIs, states } from './github.ts';
import { notKept } from './not-kept.ts';
import { listAtGitea } from './pull-requests/github.ts';
import { ForgeClient } from './request.ts';

/**
 * Statuses at Gitea and Forgejo, whose API is the same here: https://docs.gitea.com/api, `/repos/{owner}/{repo}/statuses`. They have
 * GitHub's states; `warning` is not used, since it counts as a failure in some versions and as a success in others.
 */
export function gitea(access: ForgeAccess, timeout: number): Forge {
  const client = new ForgeClient(access, { authorization: `token ${access.token}` }, timeout);
  const setting = ({ project }: Pick<CommitStatus, 'project'>) => `setting a status of ${project}`;
  return {
    checkToken: async () => {
      // a token without the scope `read:user` is valid all the same
      await client.ask({ method: 'GET', path: '/user' }, [200, 403], 'a question about the token');
    },
    checkProject: async (project) => {
      const { json } = await client.ask(
        { method: 'GET', path: `/repos/${project}` },
        [200],
        `a question about ${project}`,
      );
      if (Object(Object(json).permissions).push === true) return;
      throw new ForgeFault('forge_refused', `the user of the token may not write to ${project}`, {
        scope: 'repository',
        remedy: 'Give the user the right to write to the repository, and the token the scope `write:repository`.',
      });
    },
    setStatus: async (status) => {
      const { project, sha, context, description, url } = status;
      const body = { state: states[status.state], context, description, target_url: url };
      const path = `/repos/${project}/statuses/${sha}`;
      const { json } = await client.ask({ method: 'POST', path, body }, [201], setting(status));
      // the field is called `status` in answers
      const { status: kept, state } = Object(json) as { status?: unknown; state?: unknown };
      if ((kept ?? state) !== body.state) throw notKept(status);
    },
    hasStatus: async (status) => {
      const { project, sha, context } = status;
      const path = `/repos/${project}/commits/${sha}/statuses?sort=recentupdate&limit=50`;
      const { json } = await client.ask({ method: 'GET', path }, [200], `reading the statuses of ${project}`);
      return newestIs(json, { context, state: states[status.state] });
    },
    pullRequests: (project, asked) => listAtGitea(client, project, asked),
    comments: githubComments(() => client),
  };
}
