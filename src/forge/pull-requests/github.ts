import type { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { type AskedPage, askForPage, numberedPage, pageSize } from './list.ts';
import { branchIn, commitIn, type ForgePullRequest, longestBody, nameIn, namesIn } from './pull-request.ts';

/** Of GitHub, Gitea, Forgejo and Gogs. */
export function githubPullRequest(its: Payload): ForgePullRequest {
  const state = its.at('state').text(30);
  return {
    number: its.at('number').number(),
    updatedAt: its.at('updated_at').time(),
    head: commitIn(its.at('head', 'sha')),
    baseRef: branchIn(its.at('base', 'ref')),
    facts: {
      title: nameIn(its.at('title')),
      body: its.at('body').text(longestBody),
      draft: its.at('draft').flag(),
      labels: namesIn(its.at('labels'), 'name'),
      author: nameIn(its.at('user', 'login')),
      headRef: branchIn(its.at('head', 'ref')),
      headRepo: nameIn(its.at('head', 'repo', 'full_name')),
      isOpen: state === null ? null : state === 'open',
      // GitHub's lists have the time only
      merged: its.at('merged').flag() ?? (its.at('merged_at').isThere ? true : null),
      url: its.at('html_url').url(),
    },
  };
}

/** https://docs.github.com/en/rest/pulls/pulls#list-pull-requests */
export function listAtGithub(client: Pick<ForgeClient, 'ask'>, project: string, { page, etag }: AskedPage) {
  const query = `state=all&sort=updated&direction=desc&per_page=${pageSize}&page=${page ?? 1}`;
  const path = `/repos/${project}/pulls?${query}`;
  return askForPage(client, { project, path, etag }, (answer) => numberedPage(answer, page, githubPullRequest));
}

/** Gitea and Forgejo, https://docs.gitea.com/api, `/repos/{owner}/{repo}/pulls`. Some servers allow pages of 50 at most. */
export function listAtGitea(client: ForgeClient, project: string, { page, etag }: AskedPage) {
  const path = `/repos/${project}/pulls?state=all&sort=recentupdate&limit=${pageSize}&page=${page ?? 1}`;
  return askForPage(client, { project, path, etag }, (answer) => numberedPage(answer, page, githubPullRequest));
}
