import type { CommitState } from '../kernel/commit-status.ts';
import { Payload } from '../kernel/payload.ts';
import type { ForgeAccess } from './access.ts';
import { iterationOf } from './azure-iterations.ts';
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

/** https://learn.microsoft.com/rest/api/azure/devops/git/statuses, and `…/git/pull-request-statuses` beside it. */
export function azure(access: ForgeAccess, timeout: number): Forge {
  // a personal access token is a password without a user name
  const authorization = `Basic ${Buffer.from(`:${access.token}`).toString('base64')}`;
  const client = new ForgeClient(access, { authorization }, timeout);
  const pathOf = (project: string) => {
    const [organization = '', name = '', repository = ''] = project.split('/').map(encodeURIComponent);
    return `/${organization}/${name}/_apis/git/repositories/${repository}`;
  };
  /** Statuses are at the commit, and at the iteration of a pull request, which policies of branches ask for. */
  const placesOf = async (status: CommitStatus): Promise<Place[]> => {
    const path = pathOf(status.project);
    const iteration = await iterationOf(client, status, path, version);
    const commit = { path: `${path}/commits/${status.sha}/statuses?${version}`, filter: '&latestOnly=true&top=1000' };
    if (!iteration) return [commit];
    const pull = `${path}/pullRequests/${iteration.number}/statuses?${version}`;
    return [commit, { path: pull, filter: '', iteration: iteration.id }];
  };
  return {
    // there is no address that is the same for all organizations: the check of a project shows it
    checkToken: async () => undefined,
    checkProject: async (project) => {
      const path = `${pathOf(project)}?${version}`;
      await client.ask({ method: 'GET', path }, [200], `a question about ${project}`);
    },
    setStatus: async (status) => {
      const { project, description, url } = status;
      const state = states[status.state];
      for (const { path, iteration } of await placesOf(status)) {
        const common = { state, description, targetUrl: url, context: contextOf(status) };
        const body = { ...common, ...(iteration !== undefined && { iterationId: iteration }) };
        const request = { method: 'POST', path, body } as const;
        const { json } = await client.ask(request, [200, 201], `setting a status of ${project}`);
        if (Object(json).state !== state) throw notKept(status);
      }
    },
    hasStatus: async (status) => {
      for (const { path, filter, iteration } of await placesOf(status)) {
        const what = `reading the statuses of ${status.project}`;
        const { json } = await client.ask({ method: 'GET', path: path + filter }, [200], what);
        if (newestState(json, status, iteration) !== states[status.state]) return false;
      }
      return true;
    },
    pullRequests: (project, asked) => listAtAzure(client, { project, path: pathOf(project) }, asked),
  };
}

/** Where a status is set. */
interface Place {
  path: string;
  /** what a list of statuses is asked for with, beside its path */
  filter: string;
  iteration?: number;
}

/** The state that the newest status of this name has. @param iteration of a pull request; undefined for a commit */
function newestState(answer: unknown, status: CommitStatus, iteration: number | undefined): string | null | undefined {
  const { name, genre } = contextOf(status);
  const rows = Payload.of(answer).at('value').list(10_000) ?? [];
  const own = rows.filter((row) => {
    const isSame = row.at('context', 'name').text(500) === name && row.at('context', 'genre').text(500) === genre;
    return isSame && (iteration === undefined || row.at('iterationId').number() === iteration);
  });
  const newest = own.reduce<Payload | undefined>(
    (last, row) => (last && (last.at('id').id() ?? 0) > (row.at('id').id() ?? 0) ? last : row),
    undefined,
  );
  return newest?.at('state').text(30);
}

/** `volt/push` is the name `push` of the genre `volt`. */
function contextOf({ context }: Pick<CommitStatus, 'context'>): { genre: string; name: string } {
  const [genre = '', ...name] = context.split('/');
  return { genre, name: name.join('/') };
}
