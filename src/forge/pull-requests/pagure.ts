import type { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { type AskedPage, askForPage, pageSize, pullsIn } from './list.ts';
import { branchIn, commitIn, type ForgePullRequest, longestBody, nameIn, textsIn } from './pull-request.ts';

export function pagurePullRequest(its: Payload): ForgePullRequest {
  const status = its.at('status').text(30);
  return {
    number: its.at('id').number(),
    updatedAt: its.at('last_updated').time(),
    head: commitIn(its.at('commit_stop')),
    baseRef: branchIn(its.at('branch')),
    facts: {
      title: nameIn(its.at('title')),
      body: its.at('initial_comment').text(longestBody),
      draft: null,
      labels: textsIn(its.at('tags')),
      author: nameIn(its.at('user', 'name')),
      headRef: branchIn(its.at('branch_from')),
      headRepo: nameIn(its.at('repo_from', 'fullname')),
      isOpen: status === null ? null : status === 'Open',
      merged: status === null ? null : status === 'Merged',
      url: its.at('full_url').url(),
    },
  };
}

/** https://pagure.io/api/0/, "List project's Pull-Requests" */
export function listAtPagure(client: ForgeClient, project: string, { page, etag }: AskedPage) {
  const path = `/${project}/pull-requests?status=all&per_page=${pageSize}&page=${page ?? 1}`;
  return askForPage(client, { project, path, etag }, (answer) => ({
    pulls: pullsIn(answer.at('requests'), pagurePullRequest),
    next: answer.at('pagination', 'next').isThere ? String(Number(page ?? 1) + 1) : undefined,
  }));
}
