import type { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { type AskedPage, askForPage, pageSize, pullsIn } from './list.ts';
import { branchIn, commitIn, type ForgePullRequest, longestBody, nameIn } from './pull-request.ts';

export function bitbucketDataCenterPullRequest(its: Payload): ForgePullRequest {
  const state = its.at('state').text(30);
  const from = its.at('fromRef', 'repository');
  const [project, slug] = [nameIn(from.at('project', 'key')), nameIn(from.at('slug'))];
  return {
    number: its.at('id').number(),
    updatedAt: its.at('updatedDate').time(),
    head: commitIn(its.at('fromRef', 'latestCommit')),
    baseRef: branchIn(its.at('toRef', 'id')),
    facts: {
      title: nameIn(its.at('title')),
      body: its.at('description').text(longestBody),
      draft: its.at('draft').flag(),
      labels: null,
      author: nameIn(its.at('author', 'user', 'name')),
      headRef: branchIn(its.at('fromRef', 'id')),
      headRepo: project === null || slug === null ? null : `${project}/${slug}`,
      isOpen: its.at('open').flag(),
      merged: state === null ? null : state === 'MERGED',
      url: its.at('links', 'self').list(1)?.[0]?.at('href').url() ?? null,
    },
  };
}

/**
 * https://developer.atlassian.com/server/bitbucket/rest/, "Get pull requests for repository".
 * @param path of the repository's own resource
 */
export function listAtBitbucketDataCenter(
  client: ForgeClient,
  { project, path: repository }: { project: string; path: string },
  { page, etag }: AskedPage,
) {
  const path = `${repository}/pull-requests?state=ALL&order=NEWEST&limit=${pageSize}&start=${page ?? 0}`;
  return askForPage(client, { project, path, etag }, (answer) => ({
    pulls: pullsIn(answer.at('values'), bitbucketDataCenterPullRequest),
    next: answer.at('isLastPage').flag() === false ? String(answer.at('nextPageStart').number() ?? '') : undefined,
  }));
}
