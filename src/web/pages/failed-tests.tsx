import type { RecordedResult } from '../../kernel/model/test-shapes.ts';
import type { Build, Job, TestSummary } from '../../kernel/model.ts';
import type { Database } from '../../record/database.ts';
import { resultsOf } from '../../record/test-queries.ts';
import type { FilePage } from './annotations.tsx';
import { TestFailure } from './test-failure.tsx';
import { TestLink, TestMark, TestTime } from './test-parts.tsx';

/** The most failed tests of a job that a page lists; it only counts the others. */
const mostShown = 50;
/** The number of them that can be seen at once. */
const mostOpen = 10;
/** Milliseconds for comparing what they expected with what they got. */
const comparingTime = 40;

/** The failed tests of a job. */
export async function failedTestsOf(database: Database, build: Build, job: Job): Promise<RecordedResult[]> {
  if ((job.tests?.failed ?? 0) === 0) return [];
  return resultsOf(database, { build: build.id, job: job.id, failed: true, limit: mostShown });
}

/** How many tests of a build had which result, and which jobs have failed ones. Hidden until a job has results. */
export function TestCounts({ build, chosen }: { build: Build; chosen: string | undefined }) {
  const summaries = build.jobs.flatMap(({ tests }) => tests ?? []);
  const count = (key: keyof TestSummary) => summaries.reduce((sum, summary) => sum + summary[key], 0);
  const failing = build.jobs.filter(({ tests }) => (tests?.failed ?? 0) > 0);
  return (
    <section id="tests" data-live="" class="tests" hidden={summaries.length === 0}>
      <h2>Tests</h2>
      <p>
        {count('failed') > 0 && <strong>{count('failed')} failed, </strong>}
        {count('passed')} passed{count('skipped') > 0 && <>, {count('skipped')} skipped</>}
      </p>
      {failing.some(({ id }) => id !== chosen) && (
        <p class="failing-jobs">
          Failed in{' '}
          {failing.map((job, index) => (
            <>
              {index > 0 && ', '}
              <a
                href={`?job=${job.id}#failed-tests`}
                data-swap="job"
                aria-current={job.id === chosen ? 'true' : undefined}
              >
                {job.name}
              </a>{' '}
              ({job.tests?.failed})
            </>
          ))}
        </p>
      )}
    </section>
  );
}

interface Shown {
  build: Build;
  job: Job;
  failed: readonly RecordedResult[];
  fileOf: FilePage;
}

/** The failed tests of a job, each with what its report says, and links to its line of the log, its history and its source. */
export function FailedTests({ build, job, failed, fileOf }: Shown) {
  if (failed.length === 0) return null;
  const more = (job.tests?.failed ?? 0) - failed.length;
  const until = performance.now() + comparingTime;
  const list = (results: readonly RecordedResult[]) =>
    results.map((result) => <FailedTest result={result} shown={{ build, job, failed, fileOf }} until={until} />);
  const folded = failed.slice(mostOpen);
  return (
    <section id="failed-tests" aria-label="Failed tests">
      <ul class="failed-tests">{list(failed.slice(0, mostOpen))}</ul>
      {folded.length > 0 && (
        <details id={`more-failed-${job.id}`} class="more-failed">
          <summary>{folded.length} more failed tests</summary>
          <ul class="failed-tests">{list(folded)}</ul>
        </details>
      )}
      {more > 0 && <p class="faint">and {more} more, which are not listed here</p>}
    </section>
  );
}

function FailedTest({
  result,
  shown: { build, job, fileOf },
  until,
}: {
  result: RecordedResult;
  shown: Shown;
  until: number;
}) {
  const attempt = job.attempts.at(-1)?.number ?? 1;
  return (
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
        <span class="number">
          <TestTime ms={result.duration} />
        </span>
      </div>
      <TestFailure
        result={result}
        id={`result-${result.id}`}
        file={result.file}
        fileOf={fileOf}
        log={`?job=${job.id}&attempt=${attempt}&test=${result.id}#log`}
        history={`/repos/${build.repo}/tests/${result.test}`}
        until={until}
      />
    </li>
  );
}

/** Whether the test also failed in the previous build of the branch. */
function Since({ before }: { before: RecordedResult['before'] }) {
  if (before === null) return null;
  if (before === 'failed' || before === 'error') return <span class="faint">failed before</span>;
  return <span class="label">new</span>;
}
