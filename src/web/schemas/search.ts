import * as z from 'zod';
import { buildId } from '../../kernel/model/shapes.ts';
import { statuses } from '../../kernel/model.ts';
import { searchKinds } from '../../kernel/search-results.ts';
import { name } from './registry.ts';

const searchResult = name(
  'SearchResult',
  z.object({
    kind: z.enum(searchKinds),
    name: z.string().meta({
      description: 'name of the repository, branch, test or author; number of a build, as in `#12`; sha of a commit',
    }),
    repo: z.string().nullable().meta({ description: 'null for an author' }),
    detail: z.string().meta({ description: 'subject of the build or of the newest one; suite of a test' }),
    status: z.enum(statuses).nullable().meta({ description: 'of the build; of a test: its last result' }),
    failing: z.boolean().meta({ description: 'whether the build still runs, but can no longer pass' }),
    build: buildId.nullable().meta({ description: 'the build, or the newest one of what was found' }),
    path: z.string().meta({ description: 'path of its page' }),
  }),
);

export const searchResults = name('SearchResults', z.object({ results: z.array(searchResult) }));

export type SearchResult = z.output<typeof searchResult>;
