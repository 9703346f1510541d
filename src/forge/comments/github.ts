import { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { commentIn, type ForgeComments, idIn } from './comments.ts';

/**
 * https://docs.github.com/en/rest/issues/comments and https://docs.github.com/en/rest/collaborators/collaborators; Gitea and Forgejo
 * have the same. There only a user who administers the repository is told what others may.
 * @param clientOf the client that asks about a project
 */
export function githubComments(clientOf: (project: string) => Pick<ForgeClient, 'ask'>): ForgeComments {
  return {
    read: async (project, { number, id }) => {
      const path = `/repos/${project}/issues/comments/${id}`;
      const { status, json } = await clientOf(project).ask(
        { method: 'GET', path },
        [200, 404],
        `a comment of ${project}`,
      );
      if (status === 404) return undefined;
      const its = Payload.of(json);
      // `…/issues/7` at GitHub, and `…/pulls/7` at Gitea
      const of = [its.at('issue_url'), its.at('pull_request_url')].map((url) => url.url() ?? '');
      if (!of.some((url) => new RegExp(`/(?:issues|pulls)/${number}$`).test(url))) return undefined;
      return commentIn({
        author: { name: its.at('user', 'login').text(200), id: idIn(its.at('user', 'id')) },
        text: its.at('body'),
        createdAt: its.at('created_at').time(),
        updatedAt: its.at('updated_at').time(),
      });
    },
    mayWrite: async (project, { name, id }) => {
      const path = `/repos/${project}/collaborators/${encodeURIComponent(name)}/permission`;
      const { json } = await clientOf(project).ask(
        { method: 'GET', path },
        [200, 404],
        `asking who may write to ${project}`,
      );
      const its = Payload.of(json);
      // an account may have been renamed, and another one have its name
      const isSame = id !== null && idIn(its.at('user', 'id')) === id;
      return isSame && ['admin', 'write', 'owner'].includes(its.at('permission').text(20) ?? '');
    },
    write: async (project, number, text) => {
      const request = {
        method: 'POST',
        path: `/repos/${project}/issues/${number}/comments`,
        body: { body: text },
      } as const;
      await clientOf(project).ask(request, [201], `a comment on ${project}`);
    },
  };
}
