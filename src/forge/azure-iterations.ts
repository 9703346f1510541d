import { Payload } from '../kernel/payload.ts';
import { commitIn } from './pull-requests/pull-request.ts';
import type { ForgeClient } from './request.ts';

/** The most bytes of a list of iterations that are read; each push to a pull request makes one. */
const mostBytes = 4_000_000;

/** An iteration of a pull request: what one push has made of it. */
export interface Iteration {
  /** of the pull request */
  number: number;
  id: number;
}

/**
 * The iteration of a pull request whose head, or whose merge by Azure DevOps, is a commit. A status names it, so that it does not
 * count for what is pushed later.
 * @param ref of the pull request
 * @param repository path of the repository's resource
 * @returns undefined for another ref, and where the commit is of no iteration
 */
export async function iterationOf(
  client: ForgeClient,
  { ref, sha, project }: { ref: string; sha: string; project: string },
  repository: string,
  version: string,
): Promise<Iteration | undefined> {
  const number = Number(/^refs\/pull\/(\d+)\/(?:merge|head)$/.exec(ref)?.[1]);
  if (Number.isNaN(number)) return undefined;
  const what = `a pull request of ${project}`;
  const ask = async (path: string) => {
    const request = {
      method: 'GET',
      path: `${repository}/pullRequests/${number}${path}?${version}`,
      mostBytes,
    } as const;
    // a token that may set statuses need not read pull requests
    const { status, json } = await client.ask(request, [200, 401, 403, 404], what);
    return Payload.of(status === 200 ? json : undefined);
  };
  const iterations = (await ask('/iterations')).at('value').list(10_000) ?? [];
  const withHead = (head: string | null) =>
    head === null
      ? undefined
      : iterations.findLast((each) => commitIn(each.at('sourceRefCommit', 'commitId')) === head);
  const found = withHead(sha) ?? withHead(await headOfMerge(ask, sha));
  const id = found?.at('id').number() ?? null;
  return id === null ? undefined : { number, id };
}

/** The head that Azure DevOps has merged into a commit; null where that is not its last merge. */
async function headOfMerge(ask: (path: string) => Promise<Payload>, merge: string): Promise<string | null> {
  const pull = await ask('');
  if (commitIn(pull.at('lastMergeCommit', 'commitId')) !== merge) return null;
  return commitIn(pull.at('lastMergeSourceCommit', 'commitId'));
}
