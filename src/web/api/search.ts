import * as z from 'zod';
import { searchKinds } from '../../kernel/search-results.ts';
import { searchAll } from '../requests/search.ts';
import { searchResults } from '../schemas/search.ts';
import { repositoryName } from '../schemas/terms.ts';
import { jsonRoute } from './route.ts';

const search = jsonRoute({
  method: 'get',
  path: '/search',
  summary:
    'Repositories, builds, branches, commits, tests and authors with a text in their name, the best of each kind first',
  query: z.object({
    q: z.string().max(200).default('').meta({
      description:
        'words that must all be in the name, or in that of the repository; a build by `app#12`, a commit by at least 4 characters of its sha; empty for the newest',
    }),
    kind: z.enum(searchKinds).optional().meta({ description: 'only results of this kind' }),
    repo: repositoryName.optional().meta({ description: 'only in this repository' }),
    limit: z.coerce.number().int().min(1).max(50).default(8).meta({ description: 'the most results of each kind' }),
  }),
  answer: searchResults,
  handle: async ({ query: { q, kind, repo, limit }, requester: { reader } }, { database }) => {
    const kinds = kind === undefined ? searchKinds : [kind];
    return { results: await searchAll(database, { text: q, kinds, repo, reader, limit }) };
  },
});

export const searchRoutes = [search];
