import type { Context } from 'hono';
import type { Test } from '../../kernel/model/test-shapes.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { linksOf } from '../../record/project-links.ts';
import { listTests, type Suite, suitesOf, type TestOrder } from '../../record/test-history.ts';
import type { WebEnv } from '../access/env.ts';
import { readRepository } from '../access/readable.ts';
import type { Web } from '../services.ts';
import { suiteText } from '../text/suite.ts';
import { CommandLine } from './command.tsx';
import { Nothing } from './nothing.tsx';
import { Age } from './parts.tsx';
import { answerRepositoryPage } from './repository/frame.tsx';
import { Tabs } from './tabs.tsx';
import { TestLink, TestMark, TestTime } from './test-parts.tsx';

const pageSize = 100;
/** The most suites that are listed by name. */
const mostSuites = 500;
const titles = { state: 'All', failing: 'Failing', slowest: 'Slowest', flaky: 'Flaky' } as const satisfies {
  [O in TestOrder]?: string;
};
type ShownOrder = keyof typeof titles;

/** What a list of tests shows, as its address says. */
interface Asked {
  repo: string;
  sort: ShownOrder;
  suite: string | undefined;
  q: string | undefined;
}

/** `/repos/:name/tests`: the tests of a repository: those that fail first, then flaky ones, then the others suite by suite. */
export async function testsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const repository = await readRepository(web.database, context.get('reader'), context.req.param('name') ?? '');
  const { name } = repository;
  const asked: Asked = {
    repo: name,
    sort: (Object.keys(titles) as ShownOrder[]).find((order) => order === context.req.query('sort')) ?? 'state',
    suite: context.req.query('suite')?.slice(0, 1000),
    q: context.req.query('q')?.trim().slice(0, 200) || undefined,
  };
  // an invalid cursor shows the first page
  const after = /^[\d.e+-]{1,30}~\d{1,15}$/.exec(context.req.query('after') ?? '')?.[0];
  const [{ tests, next }, suites, projects] = await Promise.all([
    listTests(web.database, { ...asked, limit: pageSize, after }),
    asked.sort === 'state' ? suitesOf(web.database, name, mostSuites) : [],
    linksOf(web.database, [name]),
  ]);
  return answerRepositoryPage(context, web, {
    repository,
    page: 'tests',
    links: projects.get(name),
    content: (
      <>
        <div class="list-head">
          <Search asked={asked} />
          <Tabs
            label="Which tests"
            inner
            tabs={Object.entries(titles).map(([order, title]) => ({
              title,
              href: `/repos/${name}/tests?sort=${order}`,
              current: order === asked.sort,
            }))}
          />
        </div>
        {asked.sort === 'flaky' && (
          <p class="faint">
            Flaky: passed and failed on the same commit in jobs of the same name, or started failing three separate
            times in the last 20 builds of a branch.
          </p>
        )}
        {asked.suite === undefined ? (
          asked.q === undefined && <Suites suites={suites} repo={name} />
        ) : (
          <p class="chosen-suite">
            Suite <strong>{suiteText(asked.suite) || '(none)'}</strong> ·{' '}
            <a href={`/repos/${name}/tests`}>all suites</a>
          </p>
        )}
        <div id="tests" data-live="">
          <Tests tests={tests} asked={asked} />
        </div>
        <nav class="pages" aria-label="Pages">
          {after !== undefined && <a href={addressOf(asked)}>First page</a>}
          {next !== null && <a href={addressOf(asked, next)}>Next page</a>}
        </nav>
      </>
    ),
  });
}

function addressOf({ repo, sort, suite, q }: Asked, after?: string): string {
  const query = Object.entries({ sort, suite, q, after }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return `/repos/${repo}/tests?${new URLSearchParams(query)}`;
}

function Search({ asked: { repo, sort, suite, q } }: { asked: Asked }) {
  return (
    <form class="filters" method="get" action={`/repos/${repo}/tests`}>
      <input type="hidden" name="sort" value={sort} />
      {suite !== undefined && <input type="hidden" name="suite" value={suite} />}
      <label>
        Suite or name
        <input type="search" name="q" value={q ?? ''} placeholder="Any" autocomplete="off" spellcheck={false} />
      </label>
      <button type="submit">Search</button>
    </form>
  );
}

/** The suites of a repository, each a link to its own tests. */
function Suites({ suites, repo }: { suites: readonly Suite[]; repo: string }) {
  if (suites.length < 2) return null;
  return (
    <details id="suites" class="suites">
      <summary>
        {suites.length}
        {suites.length === mostSuites && ' or more'} suites
      </summary>
      <ul>
        {suites.map(({ suite, tests, failing }) => (
          <li>
            <a href={`/repos/${repo}/tests?${new URLSearchParams({ suite })}`}>{suiteText(suite) || '(none)'}</a>{' '}
            <span class="faint">
              {tests} {tests === 1 ? 'test' : 'tests'}
            </span>
            {failing > 0 && <span class="status failure">{failing} failing</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Tests({ tests, asked }: { tests: readonly Test[]; asked: Asked }) {
  if (tests.length === 0) return <NoTests asked={asked} />;
  return (
    <>
      {groupsOf(tests, asked.sort).map(({ title, suite, members }) => (
        <section class="test-group">
          {title !== undefined && (
            <h2>
              {suite === undefined ? (
                title
              ) : (
                <a href={`/repos/${asked.repo}/tests?${new URLSearchParams({ suite })}`}>{title}</a>
              )}
            </h2>
          )}
          <ul class="test-list">
            {members.map((test) => (
              <TestRow test={test} repo={asked.repo} inSuite={suite !== undefined} sort={asked.sort} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function NoTests({ asked: { repo, sort, q } }: { asked: Asked }) {
  if (q !== undefined) {
    return (
      <p class="empty">
        No test of {repo} has “{q}” in its suite or name.
      </p>
    );
  }
  if (sort === 'failing') return <p class="empty">No test fails.</p>;
  if (sort === 'flaky') return <p class="empty">No flaky tests.</p>;
  return (
    <Nothing title="No test results yet">
      <p>
        Volt reads results of single tests from reports that jobs write, such as JUnit XML and TAP. It finds most of
        them by itself; name others by their files:
      </p>
      <CommandLine line={`volt repo set ${repo} --reports "reports/*.xml"`} />
    </Nothing>
  );
}

interface Group {
  title: string | undefined;
  /** undefined for tests of several suites */
  suite?: string;
  members: Test[];
}

/** Tests that follow one another in the list under one heading: those that fail, those that are flaky, then each suite. */
function groupsOf(tests: readonly Test[], sort: ShownOrder): Group[] {
  if (sort !== 'state') return [{ title: undefined, members: [...tests] }];
  const groups: Group[] = [];
  for (const test of tests) {
    const isFailing = test.status === 'failed' || test.status === 'error';
    const own = !isFailing && test.flaky === null;
    const title = isFailing ? 'Failing' : own ? suiteText(test.suite) || 'No suite' : 'Flaky';
    const last = groups.at(-1);
    if (last && last.title === title && (last.suite !== undefined) === own) last.members.push(test);
    else groups.push({ title, members: [test], ...(own && { suite: test.suite }) });
  }
  return groups;
}

interface Row {
  test: Test;
  repo: string;
  /** whether the heading names its suite */
  inSuite: boolean;
  sort: ShownOrder;
}

function TestRow({ test, repo, inSuite, sort }: Row) {
  return (
    <li>
      <TestMark status={test.status} />
      <span class="what">
        <TestLink repo={repo} test={inSuite ? { ...test, suite: '' } : test} />
        {test.flaky !== null &&
          (sort === 'flaky' ? (
            <span class="faint">
              <Flaky test={test} now={serverNow()} />
            </span>
          ) : (
            <span class="label">flaky</span>
          ))}
      </span>
      <span class="number faint">{failureRate(test)}</span>
      <span class="number">
        <TestTime ms={test.duration} />
      </span>
    </li>
  );
}

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

/** `failed 3 of 40 (8 %)`, `40 runs` */
export function failureRate({ runs, failures }: Test): string {
  if (runs === 0) return 'never ran';
  if (failures === 0) return runs === 1 ? '1 run' : `${runs} runs`;
  return `failed ${failures} of ${runs} (${Math.round((100 * failures) / runs)} %)`;
}
