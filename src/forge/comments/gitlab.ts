import { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { commentIn, type ForgeComments, idIn } from './comments.ts';

/** GitLab's access level of developers, who may push. */
export const developer = 30;

/** https://docs.gitlab.com/api/notes/#merge-requests and https://docs.gitlab.com/api/project_members/ */
export function gitlabComments(client: Pick<ForgeClient, 'ask'>): ForgeComments {
  const pathOf = (project: string) => `/projects/${encodeURIComponent(project)}`;
  return {
    read: async (project, { number, id }) => {
      const path = `${pathOf(project)}/merge_requests/${number}/notes/${id}`;
      const { status, json } = await client.ask({ method: 'GET', path }, [200, 404], `a comment of ${project}`);
      const its = Payload.of(json);
      // GitLab writes comments of its own about what has happened, with the name of who did it
      if (status === 404 || its.at('system').flag() !== false) return undefined;
      return commentIn({
        author: { name: its.at('author', 'username').text(200), id: idIn(its.at('author', 'id')) },
        text: its.at('body'),
        createdAt: its.at('created_at').time(),
        updatedAt: its.at('updated_at').time(),
      });
    },
    mayWrite: async (project, { id }) => {
      if (id === null) return false;
      const path = `${pathOf(project)}/members/all/${encodeURIComponent(id)}`;
      const { json } = await client.ask({ method: 'GET', path }, [200, 404], `asking who may write to ${project}`);
      const its = Payload.of(json);
      const level = its.at('access_level').number() ?? 0;
      return idIn(its.at('id')) === id && its.at('state').text(20) === 'active' && level >= developer;
    },
    write: async (project, number, text) => {
      const path = `${pathOf(project)}/merge_requests/${number}/notes`;
      await client.ask({ method: 'POST', path, body: { body: text } }, [201], `a comment on ${project}`);
    },
  };
}
