import { isFailing, statusOfTest } from '../../kernel/verdict.ts';
import type { Database } from '../../record/database.ts';
import { type Found, type SearchFilter, search } from '../../record/search.ts';
import type { SearchResult } from '../schemas/search.ts';

/** Finds what the reader may read, each with the path of its page. */
export async function searchAll(database: Database, filter: SearchFilter): Promise<SearchResult[]> {
  return (await search(database, filter)).map(resultOf);
}

function resultOf(found: Found): SearchResult {
  const { kind, name, repo, suite, test, build } = found;
  return {
    ...{ kind, name, repo },
    detail: suite ?? (kind === 'repository' ? '' : (build?.subject ?? '')),
    status: test ? statusOfTest[test.status] : (build?.status ?? null),
    failing: test === undefined && build !== undefined && isFailing(build),
    build: build?.id ?? null,
    path: pathOf(found),
  };
}

function pathOf({ kind, name, repo, test, build }: Found): string {
  if (kind === 'repository') return `/repos/${name}`;
  if (kind === 'branch') return `/builds?${new URLSearchParams({ repo: repo ?? '', branch: name })}`;
  if (kind === 'author') return `/builds?${new URLSearchParams({ author: name })}`;
  if (kind === 'test') return `/repos/${repo}/tests/${test?.id}`;
  return `/builds/${build?.id}`;
}
