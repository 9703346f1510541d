import type { Context } from 'hono';
import type { ProjectLinks } from '../../kernel/forge-links.ts';
import type { PastResult } from '../../kernel/model/test-shapes.ts';
import { shortRef } from '../../kernel/ref-name.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { statusOfTest } from '../../kernel/verdict.ts';
import { linksOf } from '../../record/project-links.ts';
import { findTest, historyOf } from '../../record/test-history.ts';
import type { WebEnv } from '../access/env.ts';
import { noTest, readRepository } from '../access/readable.ts';
import type { Web } from '../services.ts';
import { suiteText } from '../text/suite.ts';
import { Chart } from './chart.tsx';
import { timeScale } from './chart-scale.ts';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { Age, CommitId, Fact } from './parts.tsx';
import { Tabs } from './tabs.tsx';
import { TestFailure } from './test-failure.tsx';
import { TestMark, TestTime, timeOf } from './test-parts.tsx';
import { Flaky, failureRate } from './tests.tsx';

const pageSize = 50;

/** `/repos/:name/tests/:id`: the results of one test, newest build first. */
export async function testPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { name } = await readRepository(web.database, context.get('reader'), context.req.param('name') ?? '');
  const id = /^\d{1,15}$/.exec(context.req.param('id') ?? '')?.[0] ?? '0';
  const test = await findTest(web.database, name, id);
  if (!test) throw noTest(name, id);
  const onlyFailed = context.req.query('show') === 'failed';
  const before = /^\d{1,15}~\d{1,15}$/.exec(context.req.query('before') ?? '')?.[0];
  const [{ results, next }, projects] = await Promise.all([
    historyOf(web.database, id, { failed: onlyFailed, limit: pageSize, before }),
    linksOf(web.database, [name]),
  ]);
  const now = serverNow();
  return answerPage(context, web, {
    title: test.name,
    section: 'repositories',
    content: (
      <article class="one-test">
        <PageHead
          title={
            <>
              <TestMark status={test.status} /> <span class="subject">{test.name}</span>
            </>
          }
          above={[
            { title: 'Repositories', href: '/repos' },
            { title: name, href: `/repos/${name}` },
            { title: 'Tests', href: `/repos/${name}/tests` },
          ]}
        />
        <dl class="facts">
          <Fact name="Suite">
            {test.suite === '' ? (
              '–'
            ) : (
              <a href={`/repos/${name}/tests?${new URLSearchParams({ suite: test.suite })}`}>{suiteText(test.suite)}</a>
            )}
          </Fact>
          <Fact name="File">{test.file ?? '–'}</Fact>
          <Fact name="Results">{failureRate(test)}</Fact>
          <Fact name="Duration">
            <TestTime ms={test.duration} />
          </Fact>
          <Fact name="Flaky">{test.flaky === null ? 'no' : <Flaky test={test} now={now} />}</Fact>
        </dl>
        <div class="list-head">
          <h2>History</h2>
          <Tabs
            label="Which results"
            inner
            tabs={[
              { title: 'All', href: `/repos/${name}/tests/${id}`, current: !onlyFailed },
              { title: 'Failures', href: `/repos/${name}/tests/${id}?show=failed`, current: onlyFailed },
            ]}
          />
        </div>
        <div id="history" data-live="">
          {!onlyFailed && <Durations results={results} />}
          {results.length === 0 && <p class="empty">{onlyFailed ? 'It has never failed.' : 'No results.'}</p>}
          <History results={results} file={test.file} links={projects.get(name)} now={now} />
        </div>
        <nav class="pages" aria-label="Pages">
          {next !== null && (
            <a href={`/repos/${name}/tests/${id}?${onlyFailed ? 'show=failed&' : ''}before=${next}`}>Older</a>
          )}
        </nav>
      </article>
    ),
  });
}

/** A chart of the durations on this page, oldest first. */
function Durations({ results }: { results: PastResult[] }) {
  const timed = results.filter(({ status, duration }) => status !== 'skipped' && duration !== null).reverse();
  const [first, last] = [timed[0], timed.at(-1)];
  if (!first || !last || first === last) return null;
  const bars = timed.map(({ number, status, duration, build, job }) => ({
    title: `#${number} ${status} in ${timeOf(duration ?? 0)}`,
    href: `/builds/${build}?job=${job}`,
    parts: [{ value: duration ?? 0, class: statusOfTest[status] }],
  }));
  const labels = timed.map(({ number }) => `#${number}`);
  return (
    <div class="charts">
      <Chart title="Duration" headline={timeOf(last.duration ?? 0)} bars={bars} scale={timeScale} labels={labels} />
    </div>
  );
}

interface Past {
  results: readonly PastResult[];
  /** file of the test; null if it is not known */
  file: string | null;
  links: ProjectLinks | undefined;
  now: number;
}

/** Milliseconds for comparing what the test expected with what it got. */
const comparingTime = 40;

/** The results, newest first. Of the failures, the first one is open. */
function History({ results, file, links, now }: Past) {
  const first = results.find(({ status }) => status === 'failed' || status === 'error');
  const until = performance.now() + comparingTime;
  return (
    <ul class="failed-tests">
      {results.map((result) => (
        <li id={`test-${result.id}`}>
          <div class="test-line">
            <TestMark status={result.status} />
            <a href={`/builds/${result.build}`}>#{result.number}</a>
            <CommitId sha={result.sha} at={links?.commit(result.sha)} />
            <span>{shortRef(result.ref)}</span>
            <span class="faint">
              {result.jobName}
              {result.attempt > 1 && <>, attempt {result.attempt}</>} · <Age time={result.at} now={now} />
            </span>
            <span class="number">
              <TestTime ms={result.duration} />
            </span>
          </div>
          {(result.message ?? result.details) !== null && (
            <details
              id={`said-${result.id}`}
              class="story"
              open={result === first}
              data-open={result === first ? '' : undefined}
            >
              <summary>{firstLine(result) ?? 'Details'}</summary>
              <TestFailure
                result={result}
                above={firstLine(result)}
                id={`result-${result.id}`}
                file={file}
                fileOf={(path, line) => links?.file(result.sha, path, line)}
                log={`/builds/${result.build}?job=${result.job}&attempt=${result.attempt}&test=${result.id}#log`}
                until={until}
              />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}

function firstLine({ message }: PastResult): string | undefined {
  return message?.split('\n', 1)[0];
}
