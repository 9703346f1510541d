import type { Context } from 'hono';
import type { Test } from '../../kernel/model/test-shapes.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { linksOf } from '../../record/project-links.ts';
import { listTests, type TestOrder, testOrders } from '../../record/test-history.ts';
import type { WebEnv } from '../access/env.ts';
import { readRepository } from '../access/readable.ts';
import type { Web } from '../services.ts';
import { Age } from './parts.tsx';
import { answerRepositoryPage } from './repository/frame.tsx';
import { type Column, Table } from './table.tsx';
import { Tabs } from './tabs.tsx';
import { TestLink, TestMark, TestTime } from './test-parts.tsx';

const pageSize = 100;
const titles: { readonly [O in TestOrder]: string } = {
  newest: 'All',
  failing: 'Failing',
  slowest: 'Slowest',
  flaky: 'Flaky',
};
const nothing: { readonly [O in TestOrder]: string } = {
  newest: 'No test results yet.',
  failing: 'No test fails.',
  slowest: 'No test results yet.',
  flaky: 'No flaky tests.',
};

/** `/repos/:name/tests`: the tests of a repository: all, slowest first, or only failing or flaky tests. */
export async function testsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const repository = await readRepository(web.database, context.get('reader'), context.req.param('name') ?? '');
  const { name } = repository;
  const sort = testOrders.find((order) => order === context.req.query('sort')) ?? 'newest';
  // an invalid cursor shows the first page
  const after = /^[\d.e+-]{1,30}~\d{1,15}$/.exec(context.req.query('after') ?? '')?.[0];
  const { tests, next } = await listTests(web.database, { repo: name, sort, limit: pageSize, after });
  const projects = await linksOf(web.database, [name]);
  return answerRepositoryPage(context, web, {
    repository,
    page: 'tests',
    links: projects.get(name),
    content: (
      <>
        <Tabs
          label="Which tests"
          inner
          tabs={testOrders.map((order) => ({
            title: titles[order],
            href: `/repos/${name}/tests?sort=${order}`,
            current: order === sort,
          }))}
        />
        {sort === 'flaky' && (
          <p class="faint">
            Flaky: passed and failed on the same commit in jobs of the same name, or started failing three separate
            times in the last 20 builds of a branch.
          </p>
        )}
        <div id="tests" data-live="">
          <Tests tests={tests} repo={name} sort={sort} />
        </div>
        <nav class="pages" aria-label="Pages">
          {next !== null && (
            <a href={`/repos/${name}/tests?${new URLSearchParams({ sort, after: next })}`}>Next page</a>
          )}
        </nav>
      </>
    ),
  });
}

function Tests({ tests, repo, sort }: { tests: Test[]; repo: string; sort: TestOrder }) {
  if (tests.length === 0) {
    return <p class="empty">{nothing[sort]}</p>;
  }
  return (
    <Table
      class="cards"
      rows={tests}
      columns={[
        { head: 'Latest', cell: ({ status }) => <TestMark status={status} /> },
        { head: 'Test', cell: (test) => <TestLink repo={repo} test={test} /> },
        ...(sort === 'flaky' ? [flakyColumn] : []),
        { head: 'Failed', class: 'number', cell: failureRate },
        { head: 'Duration', class: 'number', cell: ({ duration }) => <TestTime ms={duration} /> },
      ]}
    />
  );
}

const flakyColumn: Column<Test> = { head: 'Flaky', cell: (test) => <Flaky test={test} now={serverNow()} /> };

/** The number of commits at which the test was flaky, the first, and the last time. */
export function Flaky({ test: { flaky }, now }: { test: Test; now: number }) {
  if (flaky === null) return null;
  return (
    <>
      on {flaky.commits} {flaky.commits === 1 ? 'commit' : 'commits'}, first{' '}
      {flaky.sinceSha === null ? (
        'in a deleted build'
      ) : (
        <a href={`/builds/${flaky.since}`}>
          <code>{flaky.sinceSha.slice(0, 7)}</code>
        </a>
      )}
      , last <Age time={flaky.at} now={now} />
    </>
  );
}

/** `3 of 40 (8 %)` */
export function failureRate({ runs, failures }: Test): string {
  return runs === 0 ? '–' : `${failures} of ${runs} (${Math.round((100 * failures) / runs)} %)`;
}
