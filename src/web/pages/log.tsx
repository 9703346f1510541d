import type { Context } from 'hono';
import { logFile, logTimesFile } from '../../kernel/data-paths.ts';
import { VoltError } from '../../kernel/errors.ts';
import { isFinal, type Job } from '../../kernel/model.ts';
import { testOfResult } from '../../record/test-queries.ts';
import { shownLogHeader } from '../http/etag.ts';
import { failureLine, testLine } from '../logs/failure-line.ts';
import type { Hits } from '../logs/hits.ts';
import type { LineIndex } from '../logs/line-index.ts';
import { timesOf } from '../logs/line-times.ts';
import { logSize } from '../logs/log-file.ts';
import { removedAfter } from '../logs/removed-log.ts';
import type { Web } from '../services.ts';
import { logLine } from '../text/log-line.ts';
import type { LogNote } from './annotations.tsx';
import type { ChosenJob } from './chosen-job.ts';
import { markupOf, type ShownLine } from './log-markup.ts';
import {
  type AskedSearch,
  askedSearch,
  countOf,
  HitList,
  MoreHits,
  mostHits,
  onlyHits,
  type Query,
  queryOf,
  SearchForm,
} from './log-search.tsx';
import { At } from './parts.tsx';

/** Lines in the page itself, of which many are half the bytes of a page; with scripts, the browser shows the whole log. */
const pageLines = 250;
/** Lines before the one where a job has failed that the page shows. */
const linesBefore = 20;
/** Digits of a line number for which there is room in any log. */
const leastDigits = 4;

/** The part of a log that the query asks for. */
interface AskedLines {
  /** from 1 */
  line: number | undefined;
  /** a position in bytes, as in a step */
  at: number | undefined;
  /** id of the result of a test, whose line is wanted */
  test: string | undefined;
  search: AskedSearch | undefined;
}

function askedLines(query: (name: string) => string | undefined): AskedLines {
  const number = (name: string) => (/^\d{1,12}$/.test(query(name) ?? '') ? Number(query(name)) : undefined);
  return {
    line: number('line') || undefined,
    at: number('at'),
    test: number('test')?.toString(),
    search: askedSearch(query),
  };
}

/** The key of the log that the browser already shows, in a request of client/live.ts. */
export function shownLogKey(context: Context): string | undefined {
  return context.req.header(shownLogHeader);
}

interface Shown {
  web: Web;
  chosen: ChosenJob;
  /** reads a parameter of the page's query */
  query: (name: string) => string | undefined;
  /** query parameters that name the log on its page */
  base: Query;
  /** by line, numbered from 0 */
  notes: ReadonlyMap<number, readonly LogNote[]>;
  /** names of the tests that failed in the job */
  failedTests: readonly string[];
  /** key of the log that the browser already shows, and of which it needs no lines */
  known: string | undefined;
}

/**
 * One page of a log's lines, by default those where the job failed, else the last, with links to the other pages and a
 * search; all works without scripts. The browser's script replaces it by a window over the whole log and follows the log while
 * the job runs. The key tells the script when another part of a log is asked for.
 */
export async function LogSection({ web, chosen: { job, attempt }, query, base, notes, failedTests, known }: Shown) {
  const asked = askedLines(query);
  const key = [job.id, attempt, asked.at, asked.line, asked.test].filter((part) => part !== undefined).join('.');
  if (key === known) return <section id="log" data-key={key}></section>;
  const file = logFile(web.config.dataDir, { job: job.id, attempt });
  const index = web.lines.of(file);
  const ofTest = await lineOfTest(web, { job, attempt }, asked.test);
  const wanted = asked.at === undefined ? asked.line && asked.line - 1 : await index.lineAt(asked.at);
  const failing = await failureOf(job, attempt, file, index, failedTests);
  const part = await index.window(wanted ?? (await beginOf(index, ofTest ?? failing)), pageLines);
  const { from, lines, total, end } = part;
  const found = await searchIn(web, file, job, asked.search, part);
  const shown = await shownLines(web, { job: job.id, attempt }, part, {
    ...{ hits: found.here, failing, chosen: ofTest, notes },
  });
  const current = job.attempts.at(-1)?.number ?? 1;
  const runs = attempt === current && !isFinal(job.status);
  const address = (more: Query) => `?${new URLSearchParams({ ...base, ...more })}`;
  const page = (line: number) =>
    `${address({ ...(asked.search && queryOf(asked.search)), ...(line > total ? {} : { line: String(line) }) })}#log`;
  // on its own page the log is what the page is about
  const Heading = 'job' in base ? 'h2' : 'h1';
  const matches = asked.search && found.hits && { hits: found.hits, asked: asked.search, address };
  return (
    <section
      id="log"
      data-key={key}
      data-job={job.id}
      data-attempt={attempt}
      data-line={wanted === undefined ? undefined : wanted + 1}
      data-chosen={ofTest === undefined ? undefined : ofTest + 1}
      data-failing={failing === undefined ? undefined : failing + 1}
      data-total={total}
      data-end={end}
      {...(runs ? { 'data-runs': '' } : {})}
    >
      <div class="head">
        <Heading>
          Log of {job.name}
          {current > 1 && <>, attempt {attempt}</>}
        </Heading>
        <span class="following">following</span>
        <Links base={base} job={job} attempt={attempt} />
      </div>
      <div class="log-bar">
        <SearchForm base={base} asked={asked.search} />
        <span class="matches">
          <output class="found">{found.problem ?? (found.hits && countOf(found.hits))}</output>
          <span class="match-tools"></span>
        </span>
        <span class="log-tools"></span>
      </div>
      {matches && !asked.search?.only && <HitList {...matches} />}
      {matches && <MoreHits {...matches} />}
      {!(matches && asked.search?.only) && (
        <nav class="pages log-pages" aria-label="Log pages">
          {from > 0 && (
            <>
              <a href={page(1)}>First lines</a>
              <a href={page(Math.max(1, from + 1 - pageLines))}>Earlier lines</a>
            </>
          )}
          {from + lines.length < total && (
            <>
              <a href={page(from + lines.length + 1)}>Later lines</a>
              <a href={page(total + 1)}>Last lines</a>
            </>
          )}
        </nav>
      )}
      <div class="log-frame">
        <section
          class="log"
          tabindex={0}
          aria-label="Log lines"
          data-digits={Math.max(leastDigits, String(total).length)}
        >
          {matches && asked.search?.only ? onlyHits(matches) : markupOf(shown)}
        </section>
      </div>
      {shown.length === 0 && (
        <NoLines
          runs={runs}
          removed={removedAfter(job.finishedAt, web.config.keepLogDays)}
          days={web.config.keepLogDays}
        />
      )}
    </section>
  );
}

/** What stands in place of lines. @param removed after when the log was removed; undefined if it was not */
function NoLines({ runs, removed, days }: { runs: boolean; removed: string | undefined; days: number }) {
  if (runs) return <p class="empty">No output yet.</p>;
  if (removed === undefined) return <p class="empty">No output.</p>;
  return (
    <p class="empty">
      This log was removed after <At time={removed} />: the setting <code>VOLT_KEEP_LOG_DAYS</code> keeps logs for{' '}
      {days} days. The verdict, the steps and the tests are kept.
    </p>
  );
}

/** The logs of the other attempts, the page of the log alone, and the log as a file. */
function Links({ base, job, attempt }: { base: Query; job: Job; attempt: number }) {
  const raw = `/api/v1/jobs/${job.id}/log?attempt=${attempt}`;
  return (
    <>
      {job.attempts
        .filter(({ number }) => number !== attempt)
        .map(({ number }) => (
          <a href={`?${new URLSearchParams({ ...base, attempt: String(number) })}`} data-swap="log">
            attempt {number}
          </a>
        ))}
      <span class="files">
        {'job' in base && <a href={`/jobs/${job.id}/log?attempt=${attempt}`}>Log only</a>}
        <a href={raw}>Raw log</a>
        <a href={raw} download={`job-${job.id}-attempt-${attempt}.log`}>
          Download
        </a>
      </span>
    </>
  );
}

/** The first line of the page: some lines before the one to show, or as many as fit before the end of the log. */
async function beginOf(index: LineIndex, line: number | undefined): Promise<number> {
  if (line === undefined) return -pageLines;
  const { total } = await index.window(0, 0);
  return Math.max(0, Math.min(line - linesBefore, total - pageLines));
}

/** The line that says why a test failed, in the log of the attempt that has its result. */
async function lineOfTest(
  web: Web,
  { job, attempt }: ChosenJob,
  result: string | undefined,
): Promise<number | undefined> {
  const name = result && (await testOfResult(web.database, { job: job.id, attempt }, result));
  if (!name) return undefined;
  const file = logFile(web.config.dataDir, { job: job.id, attempt });
  return testLine({ file, index: web.lines.of(file), searches: web.searches }, name, job.id);
}

/** The line where a job has failed; undefined if it has not, or if no line says so. */
async function failureOf(
  job: Job,
  attempt: number,
  file: string,
  index: LineIndex,
  tests: readonly string[],
): Promise<number | undefined> {
  if (attempt !== job.attempts.at(-1)?.number || (job.status !== 'failure' && job.status !== 'error')) return undefined;
  const step = job.steps.find(({ status }) => status === 'failure' || status === 'error');
  if (!step || step.logStart === null) return undefined;
  const end = step.logEnd ?? (await logSize(file));
  return failureLine(file, index, { start: step.logStart, end, tests });
}

type Part = Awaited<ReturnType<LineIndex['window']>>;

interface Found {
  /** the first matches */
  hits?: Hits;
  /** the matches in the lines that the page shows */
  here: Hits['hits'];
  /** why the search has failed */
  problem?: string;
}

async function searchIn(
  web: Web,
  file: string,
  job: Job,
  search: AskedSearch | undefined,
  { from, lines }: Part,
): Promise<Found> {
  if (!search) return { here: [] };
  const { pattern } = search;
  try {
    const hits = await web.searches.find(file, { pattern, limit: mostHits, from: search.from }, job.id);
    if (search.only || lines.length === 0) return { hits, here: [] };
    const place = { position: lines[0]?.start ?? 0, line: from };
    const range = { pattern, limit: pageLines, from: place, before: from + lines.length };
    return { hits, here: (await web.searches.find(file, range, job.id)).hits };
  } catch (error) {
    if (error instanceof VoltError) return { here: [], problem: error.message };
    throw error;
  }
}

interface Marks extends Pick<Shown, 'notes'> {
  hits: Hits['hits'];
  failing: number | undefined;
  chosen: number | undefined;
}

async function shownLines(
  web: Web,
  ref: { job: Job['id']; attempt: number },
  { from, lines, rest }: Part,
  { hits, failing, chosen, notes }: Marks,
): Promise<ShownLine[]> {
  const times = await timesOf(
    logTimesFile(web.config.dataDir, ref),
    lines.map(({ start }) => start),
  );
  const found = new Map(hits.map((hit) => [hit.line, hit.found]));
  const spans = [...lines.map((line) => line.spans), ...(rest === null ? [] : [rest])];
  return spans.map((line, index) => {
    const number = from + index;
    const at = times[index] ?? undefined;
    return {
      ...logLine(line),
      number,
      classes: number === chosen ? 'chosen' : number === failing ? 'failing' : '',
      found: found.get(number) ?? [],
      notes: notes.get(number) ?? [],
      at: at === times[index - 1] ? undefined : at,
    };
  });
}
