import type { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { type AskedPage, askForPage, pageSize, pullsIn } from './list.ts';
import { branchIn, commitIn, type ForgePullRequest, longestBody, nameIn, namesIn } from './pull-request.ts';

export function azurePullRequest(its: Payload): ForgePullRequest {
  const status = its.at('status').text(30);
  return {
    number: its.at('pullRequestId').number(),
    updatedAt: its.at('closedDate').time() ?? its.at('creationDate').time(),
    head: commitIn(its.at('lastMergeSourceCommit', 'commitId')),
    baseRef: branchIn(its.at('targetRefName')),
    facts: {
      title: nameIn(its.at('title')),
      body: its.at('description').text(longestBody),
      draft: its.at('isDraft').flag(),
      labels: namesIn(its.at('labels'), 'name'),
      author: nameIn(its.at('createdBy', 'uniqueName')),
      headRef: branchIn(its.at('sourceRefName')),
      headRepo: nameIn(its.at('forkSource', 'repository', 'name')),
      isOpen: status === null ? null : status === 'active',
      merged: status === null ? null : status === 'completed',
      url: its.at('_links', 'web', 'href').url(),
    },
  };
}

/**
 * https://learn.microsoft.com/rest/api/azure/devops/git/pull-requests/get-pull-requests; the last made come first.
 * @param path of the repository's own resource
 */
export function listAtAzure(
  client: ForgeClient,
  { project, path: repository }: { project: string; path: string },
  { page, etag }: AskedPage,
) {
  const skip = Number(page ?? 0);
  const query = `searchCriteria.status=all&$top=${pageSize}&$skip=${skip}&api-version=7.1`;
  const path = `${repository}/pullrequests?${query}`;
  return askForPage(client, { project, path, etag }, (answer) => {
    const list = answer.at('value');
    const isFull = list.list(pageSize)?.length === pageSize;
    return { pulls: pullsIn(list, azurePullRequest), next: isFull ? String(skip + pageSize) : undefined };
  });
}
