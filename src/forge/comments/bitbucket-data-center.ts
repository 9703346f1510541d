import { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { commentIn, type ForgeComments } from './comments.ts';

const levels = ['PROJECT_WRITE', 'PROJECT_ADMIN', 'REPO_WRITE', 'REPO_ADMIN'];

/**
 * https://developer.atlassian.com/server/bitbucket/rest/, "Pull Requests" and "Permission Management", which tells administrators of
 * the repository and the project alone. Rights of a group are not seen.
 * @param pathOf the resource of a repository
 */
export function bitbucketDataCenterComments(
  client: Pick<ForgeClient, 'ask'>,
  pathOf: (project: string) => string,
): ForgeComments {
  const listed = async (path: string, name: string, what: string) => {
    const query = new URLSearchParams({ filter: name, limit: '100' });
    const request = { method: 'GET', path: `${path}/permissions/users?${query}` } as const;
    const { status, json } = await client.ask(request, [200, 401, 403], what);
    const rows = (status === 200 && Payload.of(json).at('values').list(100)) || [];
    const own = rows.filter((row) => row.at('user', 'name').text(200) === name);
    return own.some((row) => levels.includes(row.at('permission').text(30) ?? ''));
  };
  return {
    read: async (project, { number, id }) => {
      const path = `${pathOf(project)}/pull-requests/${number}/comments/${id}`;
      const { status, json } = await client.ask({ method: 'GET', path }, [200, 404], `a comment of ${project}`);
      if (status === 404) return undefined;
      const its = Payload.of(json);
      return commentIn({
        author: { name: its.at('author', 'name').text(200), id: null },
        text: its.at('text'),
        createdAt: its.at('createdDate').time(),
        updatedAt: its.at('updatedDate').time(),
      });
    },
    mayWrite: async (project, { name }) => {
      const what = `asking who may write to ${project}`;
      const repository = pathOf(project);
      return (
        (await listed(repository, name, what)) || (await listed(repository.replace(/\/repos\/.*$/, ''), name, what))
      );
    },
    write: async (project, number, text) => {
      const path = `${pathOf(project)}/pull-requests/${number}/comments`;
      await client.ask({ method: 'POST', path, body: { text } }, [201], `a comment on ${project}`);
    },
  };
}
