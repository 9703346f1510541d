import type { Context } from 'hono';
import { nameOfResult, type SearchKind, searchKinds } from '../../kernel/search-results.ts';
import type { WebEnv } from '../access/env.ts';
import { searchAll } from '../requests/search.ts';
import type { SearchResult } from '../schemas/search.ts';
import type { Web } from '../services.ts';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { StatusDot } from './parts.tsx';
import { Tabs } from './tabs.tsx';

/** The most results of each kind: of all kinds, and of a chosen one. */
const most = { all: 8, one: 50 };

const titles: { readonly [K in SearchKind]: string } = {
  repository: 'Repositories',
  build: 'Builds',
  branch: 'Branches',
  commit: 'Commits',
  test: 'Tests',
  author: 'Authors',
};

/** `/search`: what a text finds, by kind; the command palette of client/shell shows the same without leaving a page. */
export async function searchPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const text = (context.req.query('q') ?? '').trim().slice(0, 200);
  const kind = searchKinds.find((one) => one === context.req.query('kind'));
  const results = await searchAll(web.database, {
    text,
    kinds: kind === undefined ? searchKinds : [kind],
    reader: context.get('reader'),
    limit: kind === undefined ? most.all : most.one,
  });
  const shown = searchKinds.filter((one) => results.some((result) => result.kind === one));
  return answerPage(context, web, {
    title: text === '' ? 'Search' : `Search: ${text}`,
    section: 'search',
    content: (
      <>
        <PageHead title="Search" />
        <search>
          <form class="search-form" method="get" action="/search">
            <input
              type="search"
              name="q"
              value={text}
              aria-label="Search"
              placeholder="Repository, build, branch, commit, test or author"
              autocomplete="off"
              spellcheck={false}
            />
            {kind !== undefined && <input type="hidden" name="kind" value={kind} />}
            <button type="submit" class="primary">
              Search
            </button>
          </form>
        </search>
        <Tabs
          label="Kinds of results"
          tabs={[
            { title: 'All', href: addressOf(text), current: kind === undefined },
            ...searchKinds.map((one) => ({ title: titles[one], href: addressOf(text, one), current: one === kind })),
          ]}
        />
        {shown.length === 0 && (
          <p class="empty">
            {text === '' ? 'Nothing to find yet.' : `Nothing found for “${text}”. All words must match.`}
          </p>
        )}
        {shown.map((one) => (
          <section>
            <h2 class={kind === undefined ? undefined : 'hidden'}>{titles[one]}</h2>
            <Results results={results.filter((result) => result.kind === one)} />
          </section>
        ))}
      </>
    ),
  });
}

function addressOf(text: string, kind?: SearchKind): string {
  return `/search?${new URLSearchParams({ q: text, ...(kind === undefined ? {} : { kind }) })}`;
}

function Results({ results }: { results: SearchResult[] }) {
  return (
    <ul class="search-results">
      {results.map((result) => (
        <li>
          <a href={result.path}>
            {result.status !== null && <StatusDot status={result.failing ? 'failure' : result.status} />}
            <span class="name">{nameOfResult(result)}</span>
            <span class="faint">{result.detail}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
