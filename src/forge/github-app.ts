import { type AppAccess, appPage, githubHeaders } from './app-client.ts';
import { forgetToken, ownToken } from './app-tokens.ts';
import { CheckRuns } from './check-runs.ts';
import { githubComments } from './comments/github.ts';
import type { CheckDetails, CommitStatus, Forge } from './forge.ts';
import { listAtGithub } from './pull-requests/github.ts';
import { ForgeClient } from './request.ts';

/** GitHub where Volt is an App there: checks in place of statuses, and for each project a token of its own. */
export function githubApp(access: AppAccess, timeout: number): Forge {
  const checks = new CheckRuns(access, (project) => clientOf(access, project, timeout));
  return {
    checkToken: async () => {
      await appPage(access, timeout);
    },
    checkProject: async (project) => {
      // its rights may have changed since the last token
      forgetToken(access, project);
      await ownToken(access, project, timeout);
    },
    setStatus: (status) => checks.set(checkOf(status)),
    hasStatus: (status) => checks.has(checkOf(status)),
    pullRequests: (project, asked) => listAtGithub(clientOf(access, project, timeout), project, asked),
    comments: githubComments((project) => clientOf(access, project, timeout)),
  };
}

/** Asks about a project with the App's token for that project alone. */
function clientOf(access: AppAccess, project: string, timeout: number): Pick<ForgeClient, 'ask'> {
  const { kind, api } = access;
  const client = async () => {
    const token = await ownToken(access, project, timeout);
    return new ForgeClient({ kind, api, token }, githubHeaders(token), timeout);
  };
  return {
    ask: async (request, expected, what) => {
      const answer = await (await client()).ask(request, [...expected, 401], what);
      if (answer.status !== 401) return answer;
      // the App was removed and installed again
      forgetToken(access, project);
      return (await client()).ask(request, expected, what);
    },
  };
}

function checkOf({ check, ...status }: CommitStatus): CommitStatus & { check: CheckDetails } {
  if (check) return { ...status, check };
  throw new Error('a check without its details');
}
