import type { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { type AskedPage, askForPage, pageSize, pullsIn } from './list.ts';
import { branchIn, type ForgePullRequest, longestBody, nameIn } from './pull-request.ts';

export function bitbucketPullRequest(its: Payload): ForgePullRequest {
  const state = its.at('state').text(30);
  return {
    number: its.at('id').number(),
    updatedAt: its.at('updated_on').time(),
    // Bitbucket shortens ids
    head: null,
    baseRef: branchIn(its.at('destination', 'branch', 'name')),
    facts: {
      title: nameIn(its.at('title')),
      body: its.at('description').text(longestBody),
      draft: its.at('draft').flag(),
      labels: null,
      author: nameIn(its.at('author', 'nickname')) ?? nameIn(its.at('author', 'username')),
      headRef: branchIn(its.at('source', 'branch', 'name')),
      headRepo: nameIn(its.at('source', 'repository', 'full_name')),
      isOpen: state === null ? null : state === 'OPEN',
      merged: state === null ? null : state === 'MERGED',
      url: its.at('links', 'html', 'href').url(),
    },
  };
}

/** https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-get */
export function listAtBitbucket(client: ForgeClient, project: string, { page, etag }: AskedPage) {
  const states = ['OPEN', 'MERGED', 'DECLINED', 'SUPERSEDED'].map((state) => `state=${state}`).join('&');
  const path = `/repositories/${project}/pullrequests?${states}&sort=-updated_on&pagelen=${pageSize}&page=${page ?? 1}`;
  return askForPage(client, { project, path, etag }, (answer) => ({
    pulls: pullsIn(answer.at('values'), bitbucketPullRequest),
    next: answer.at('next').isThere ? String(Number(page ?? 1) + 1) : undefined,
  }));
}
