import { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { commentIn, type ForgeComments } from './comments.ts';

/** The most bytes of a pull request with its comments that are read. */
const mostBytes = 4_000_000;

/** https://pagure.io/api/0/, "Pull-request information", "Project information" and "Comment a pull-request". Rights of a group are not seen. */
export function pagureComments(client: Pick<ForgeClient, 'ask'>): ForgeComments {
  return {
    read: async (project, { number, id }) => {
      const request = { method: 'GET', path: `/${project}/pull-request/${number}`, mostBytes } as const;
      const { status, json } = await client.ask(request, [200, 404], `a comment of ${project}`);
      if (status === 404) return undefined;
      const its = (Payload.of(json).at('comments').list(10_000) ?? []).find((one) => one.at('id').id() === id);
      // Pagure writes comments of its own about what has happened, with the name of who did it
      if (its?.at('notification').flag() !== false) return undefined;
      const edited = its.at('edited_on').isThere;
      const createdAt = its.at('date_created').time();
      return commentIn({
        author: { name: its.at('user', 'name').text(200), id: null },
        text: its.at('comment'),
        createdAt,
        updatedAt: edited ? null : createdAt,
      });
    },
    mayWrite: async (project, { name }) => {
      const what = `asking who may write to ${project}`;
      const { json } = await client.ask({ method: 'GET', path: `/${project}` }, [200], what);
      const access = Payload.of(json).at('access_users');
      const names = ['owner', 'admin', 'commit'].flatMap((level) => access.at(level).list(1000) ?? []);
      return names.some((one) => one.text(200) === name);
    },
    write: async (project, number, text) => {
      const request = { method: 'POST', path: `/${project}/pull-request/${number}/comment`, form: { comment: text } };
      await client.ask({ ...request, method: 'POST' }, [200], `a comment on ${project}`);
    },
  };
}
