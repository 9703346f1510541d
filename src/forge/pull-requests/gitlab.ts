import type { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { type AskedPage, askForPage, numberedPage, pageSize } from './list.ts';
import { branchIn, commitIn, type ForgePullRequest, longestBody, nameIn, textsIn } from './pull-request.ts';

/** @param project the path of the project that the merge request is for */
function gitlabMergeRequest(its: Payload, project: string): ForgePullRequest {
  const state = its.at('state').text(30);
  const [from, to] = [its.at('source_project_id').number(), its.at('target_project_id').number()];
  return {
    number: its.at('iid').number(),
    updatedAt: its.at('updated_at').time(),
    head: commitIn(its.at('sha')),
    baseRef: branchIn(its.at('target_branch')),
    facts: {
      title: nameIn(its.at('title')),
      body: its.at('description').text(longestBody),
      draft: its.at('draft').flag() ?? its.at('work_in_progress').flag(),
      labels: textsIn(its.at('labels')),
      author: nameIn(its.at('author', 'username')),
      headRef: branchIn(its.at('source_branch')),
      // of a fork GitLab gives a number alone
      headRepo: from !== null && from === to ? project : null,
      isOpen: state === null ? null : state === 'opened' || state === 'locked',
      merged: state === null ? null : state === 'merged',
      url: its.at('web_url').url(),
    },
  };
}

/** https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests */
export function listAtGitlab(client: ForgeClient, project: string, { page, etag }: AskedPage) {
  const query = `state=all&order_by=updated_at&sort=desc&per_page=${pageSize}&page=${page ?? 1}`;
  const path = `/projects/${encodeURIComponent(project)}/merge_requests?${query}`;
  const read = (its: Payload) => gitlabMergeRequest(its, project);
  return askForPage(client, { project, path, etag }, (answer) => numberedPage(answer, page, read));
}
