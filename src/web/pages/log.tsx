import { logFile } from '../../kernel/data-paths.ts';
import { isFinal, type Job } from '../../kernel/model.ts';
import { failureLine } from '../logs/failure-line.ts';
import type { LineIndex } from '../logs/line-index.ts';
import { logSize } from '../logs/log-file.ts';
import { type Hits, searchLog } from '../logs/search.ts';
import type { Web } from '../services.ts';
import { logLine } from '../text/log-line.ts';
import type { LogNote } from './annotations.tsx';
import type { ChosenJob } from './chosen-job.ts';
import { markupOf } from './log-markup.ts';

/** Lines in the page itself, of which many are half the bytes of a page; with scripts, the browser shows the whole log. */
const pageLines = 250;
const mostHits = 200;
/** Lines before the one where a job has failed that the page shows. */
const linesBefore = 20;

/** The part of a log that the query asks for. */
export interface AskedLines {
  /** from 1 */
  line?: number | undefined;
  /** a position in bytes, as in a step */
  at?: number | undefined;
  /** text to search for */
  q?: string | undefined;
}

export function askedLines(query: (name: string) => string | undefined): AskedLines {
  const number = (name: string) => (/^\d{1,12}$/.test(query(name) ?? '') ? Number(query(name)) : undefined);
  return { line: number('line') || undefined, at: number('at'), q: query('q')?.slice(0, 200) || undefined };
}

interface Shown {
  web: Web;
  chosen: ChosenJob;
  asked: AskedLines;
  /** by line, numbered from 0 */
  notes: ReadonlyMap<number, readonly LogNote[]>;
  /** names of the tests that failed in the job */
  failedTests: readonly string[];
}

/**
 * One page of a log's lines, by default those where the job failed, else the last, with links to the other pages and a search; all works without scripts.
 * The browser's script replaces it by a window over the whole log and follows the log while the job runs. The key tells
 * the script when another log is shown.
 */
export async function LogSection({ web, chosen: { job, attempt }, asked, notes, failedTests }: Shown) {
  const file = logFile(web.config.dataDir, { job: job.id, attempt });
  const index = web.lines.of(file);
  const wanted = asked.at === undefined ? asked.line && asked.line - 1 : await index.lineAt(asked.at);
  const failing = await failureOf(job, attempt, file, index, failedTests);
  const { from, lines, total, rest } = await index.window(wanted ?? (await beginOf(index, failing)), pageLines);
  const hits = asked.q === undefined ? undefined : await searchLog(file, asked.q, mostHits);
  const shown = [...lines.map(({ spans }) => spans), ...(rest === null ? [] : [rest])];
  const current = job.attempts.at(-1)?.number ?? 1;
  const live = attempt === current && !isFinal(job.status);
  const address = (more: { [name: string]: string | number }) =>
    `?${new URLSearchParams({ job: job.id, attempt: String(attempt), ...strings(more) })}`;
  return (
    <section
      id="log"
      data-key={[job.id, attempt, wanted, asked.q].filter((part) => part !== undefined).join('.')}
      data-job={job.id}
      data-attempt={attempt}
      data-line={wanted === undefined ? undefined : wanted + 1}
      data-failing={failing === undefined ? undefined : failing + 1}
      data-query={asked.q}
      {...(live ? { 'data-following': '' } : {})}
    >
      <div class="head">
        <h2>
          Log of {job.name}
          {current > 1 && <>, attempt {attempt}</>}
        </h2>
        <span class="following">following</span>
        {job.attempts
          .filter(({ number }) => number !== attempt)
          .map(({ number }) => (
            <a href={`?job=${job.id}&attempt=${number}`} data-swap="log">
              attempt {number}
            </a>
          ))}
        <a href={`/api/v1/jobs/${job.id}/log?attempt=${attempt}`}>Raw log</a>
      </div>
      <div class="log-bar">
        <form class="log-search" method="get" action="#log">
          <input type="hidden" name="job" value={job.id} />
          <input type="hidden" name="attempt" value={attempt} />
          <input type="search" name="q" value={asked.q ?? ''} aria-label="Search the log" maxlength={200} />
          <button type="submit">Search</button>
        </form>
        <output class="found"></output>
        <span class="log-tools"></span>
      </div>
      {hits && <HitList hits={hits} address={address} q={asked.q ?? ''} />}
      <nav class="pages log-pages" aria-label="Log pages">
        {from > 0 && (
          <>
            <a href={`${address({ line: 1 })}#log`}>First lines</a>
            <a href={`${address({ line: Math.max(1, from + 1 - pageLines) })}#log`}>Earlier lines</a>
          </>
        )}
        {from + lines.length < total && (
          <>
            <a href={`${address({ line: from + lines.length + 1 })}#log`}>Later lines</a>
            <a href={`${address({})}#log`}>Last lines</a>
          </>
        )}
      </nav>
      <section class="log" tabindex={0} aria-label="Log lines">
        {markupOf(
          shown.map((spans, index) => ({
            ...logLine(spans),
            number: from + index,
            classes: from + index === failing ? 'failing' : '',
            notes: notes.get(from + index) ?? [],
          })),
        )}
      </section>
      {shown.length === 0 && <p class="empty">{live ? 'No output yet.' : 'No output.'}</p>}
    </section>
  );
}

/** The first line of the page: some lines before the one to show, or as many as fit before the end of the log. */
async function beginOf(index: LineIndex, line: number | undefined): Promise<number> {
  if (line === undefined) return -pageLines;
  const { total } = await index.window(0, 0);
  return Math.max(0, Math.min(line - linesBefore, total - pageLines));
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

function HitList({
  hits,
  address,
  q,
}: {
  hits: Hits;
  address: (more: { [name: string]: string | number }) => string;
  q: string;
}) {
  return (
    <ol class="hits">
      {hits.hits.map(({ line, text }) => (
        <li>
          <a href={`${address({ line: Math.max(1, line - 20), q })}#L${line + 1}`}>line {line + 1}</a>{' '}
          <code>{text}</code>
        </li>
      ))}
      {hits.hits.length === 0 && <li class="faint">No matches.</li>}
      {hits.next !== null && <li class="faint">There may be more matches.</li>}
    </ol>
  );
}

function strings(values: { [name: string]: string | number }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
