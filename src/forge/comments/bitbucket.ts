import { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { commentIn, type ForgeComments } from './comments.ts';

/**
 * https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/ and `/workspaces/{workspace}/permissions/repositories`
 * of https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/, which tells administrators of the repository alone.
 */
export function bitbucketComments(client: Pick<ForgeClient, 'ask'>): ForgeComments {
  return {
    read: async (project, { number, id }) => {
      const path = `/repositories/${project}/pullrequests/${number}/comments/${id}`;
      const { status, json } = await client.ask({ method: 'GET', path }, [200, 404], `a comment of ${project}`);
      const its = Payload.of(json);
      if (status === 404 || its.at('deleted').flag() === true) return undefined;
      const user = its.at('user');
      return commentIn({
        author: { name: user.at('nickname').text(200), id: user.at('uuid').text(200) },
        text: its.at('content', 'raw'),
        createdAt: its.at('created_on').time(),
        updatedAt: its.at('updated_on').time(),
      });
    },
    mayWrite: async (project, { id }) => {
      if (id === null || !/^\{[0-9a-f-]{36}\}$/i.test(id)) return false;
      const [workspace = '', slug = ''] = project.split('/');
      const query = new URLSearchParams({ q: `user.uuid="${id}"` });
      const path = `/workspaces/${workspace}/permissions/repositories/${slug}?${query}`;
      const { json } = await client.ask({ method: 'GET', path }, [200], `asking who may write to ${project}`);
      const rows = Payload.of(json).at('values').list(100) ?? [];
      const own = rows.filter((row) => row.at('user', 'uuid').text(200) === id);
      return own.some((row) => ['admin', 'write'].includes(row.at('permission').text(20) ?? ''));
    },
    write: async (project, number, text) => {
      const path = `/repositories/${project}/pullrequests/${number}/comments`;
      await client.ask({ method: 'POST', path, body: { content: { raw: text } } }, [201], `a comment on ${project}`);
    },
  };
}
