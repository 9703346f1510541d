import type { RecordedResult } from '../../kernel/model/test-shapes.ts';
import type { Build, TestSummary } from '../../kernel/model.ts';
import type { Database } from '../../record/database.ts';
import { resultsOf } from '../../record/test-queries.ts';
import { TestLink, TestMark, TestOutput, TestTime } from './test-parts.tsx';

/** The most failed tests that a page lists; it only counts the others. */
const mostShown = 50;

/** The failed tests of a build; empty if no job has test results. */
export async function failedTestsOf(database: Database, { id, jobs }: Build): Promise<RecordedResult[]> {
  if (jobs.every(({ tests }) => tests === null || tests.failed === 0)) return [];
  return resultsOf(database, { build: id, failed: true, limit: mostShown });
}

/** The test results of a build: the counts, and the failed tests with their messages. Hidden until a job has some. */
export function FailedTests({ build, failed }: { build: Build; failed: readonly RecordedResult[] }) {
  const summaries = build.jobs.flatMap(({ tests }) => tests ?? []);
  const count = (key: keyof TestSummary) => summaries.reduce((sum, summary) => sum + summary[key], 0);
  const more = count('failed') - failed.length;
  const names = new Map(build.jobs.map(({ id, name }) => [id, name]));
  return (
    <section id="tests" data-live="" class="tests" hidden={summaries.length === 0}>
      <h2>Tests</h2>
      <p>
        {count('failed') > 0 && <strong>{count('failed')} failed, </strong>}
        {count('passed')} passed{count('skipped') > 0 && <>, {count('skipped')} skipped</>}
      </p>
      {failed.length > 0 && (
        <ul class="failed-tests">
          {failed.map((result) => (
            <li id={`test-${result.id}`}>
              <div class="test-line">
                <TestMark status={result.status} />
                <TestLink repo={build.repo} test={{ ...result, id: result.test }} />
                <Since before={result.before} />
                {result.flaky && (
                  <a class="label" href={`/repos/${build.repo}/tests?sort=flaky`}>
                    flaky
                  </a>
                )}
                {build.jobs.length > 1 && <span class="faint">in {names.get(result.job)}</span>}
                <span class="number">
                  <TestTime ms={result.duration} />
                </span>
              </div>
              <TestOutput message={result.message} details={result.details} id={`result-${result.id}`} />
            </li>
          ))}
          {more > 0 && <li class="faint">and {more} more</li>}
        </ul>
      )}
    </section>
  );
}

/** Whether the test also failed in the previous build of the branch. */
function Since({ before }: { before: RecordedResult['before'] }) {
  if (before === null) return null;
  if (before === 'failed' || before === 'error') return <span class="faint">failed before</span>;
  return <span class="label">new</span>;
}
