import { raw } from 'hono/html';
import { logFile } from '../../kernel/data-paths.ts';
import { type Build, isFinal, type Job } from '../../kernel/model.ts';
import { type Hits, searchLog } from '../logs/search.ts';
import type { Web } from '../services.ts';
import type { Line } from '../text/terminal.ts';

/** Lines in the page itself; with scripts, the browser shows the whole log. */
const pageLines = 500;
const mostHits = 200;

interface ChosenLog {
  job: Job;
  attempt: number;
}

/** The part of a log that the query asks for. */
export interface AskedLines {
  /** from 1 */
  line?: number | undefined;
  /** a position in bytes, as in a step */
  at?: number | undefined;
  /** text to search for */
  q?: string | undefined;
}

/**
 * The log that a build's page shows: the one that the query asks for, else that of the first job that failed, runs, or
 * has started.
 */
export function chooseLog(build: Build, job: string | undefined, attempt: string | undefined): ChosenLog | undefined {
  const { jobs } = build;
  const chosen =
    jobs.find((one) => one.id === job) ??
    jobs.find((one) => one.status === 'failure' || one.status === 'error') ??
    jobs.find((one) => one.status === 'running') ??
    jobs.find((one) => one.attempts.length > 0) ??
    jobs[0];
  if (!chosen) return undefined;
  const number = chosen.id === job ? chosen.attempts.find((one) => String(one.number) === attempt)?.number : undefined;
  return { job: chosen, attempt: number ?? chosen.attempts.at(-1)?.number ?? 1 };
}

export function askedLines(query: (name: string) => string | undefined): AskedLines {
  const number = (name: string) => (/^\d{1,12}$/.test(query(name) ?? '') ? Number(query(name)) : undefined);
  return { line: number('line') || undefined, at: number('at'), q: query('q')?.slice(0, 200) || undefined };
}

interface Shown {
  web: Web;
  chosen: ChosenLog;
  asked: AskedLines;
}

/**
 * One page of a log's lines, by default the last, with links to the other pages and a search; all works without scripts.
 * The browser's script replaces it by a window over the whole log and follows the log while the job runs. The key tells
 * the script when another log is shown.
 */
export async function LogSection({ web, chosen: { job, attempt }, asked }: Shown) {
  const file = logFile(web.config.dataDir, { job: job.id, attempt });
  const index = web.lines.of(file);
  const first = asked.at === undefined ? asked.line && asked.line - 1 : await index.lineAt(asked.at);
  const { from, lines, total, rest } = await index.window(first ?? -pageLines, pageLines);
  const hits = asked.q === undefined ? undefined : await searchLog(file, asked.q, mostHits);
  const shown = [...lines.map(({ spans }) => spans), ...(rest === null ? [] : [rest])];
  const current = job.attempts.at(-1)?.number ?? 1;
  const live = attempt === current && !isFinal(job.status);
  const address = (more: { [name: string]: string | number }) =>
    `?${new URLSearchParams({ job: job.id, attempt: String(attempt), ...strings(more) })}`;
  return (
    <section
      id="log"
      data-key={`${job.id}.${attempt}`}
      data-job={job.id}
      data-attempt={attempt}
      data-line={first === undefined ? undefined : first + 1}
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
            <a href={`?job=${job.id}&attempt=${number}#log`}>attempt {number}</a>
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
        {markupOf(shown, from)}
      </section>
      {shown.length === 0 && <p class="empty">{live ? 'No output yet.' : 'No output.'}</p>}
    </section>
  );
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

/**
 * Lines as markup. A log may have thousands of pieces, and components would hold the event loop too long, so the markup
 * is written by hand and all text is escaped here. The style sheet draws the line numbers, so that copied text does not
 * contain them.
 */
function markupOf(lines: readonly Line[], from: number) {
  let markup = '';
  for (const [index, line] of lines.entries()) {
    const number = from + index + 1;
    markup += `<div class="row" id="L${number}"><a class="ln" href="#L${number}" data-n="${number}" aria-label="line ${number}"></a><code>`;
    for (const { text, style } of line) {
      const escaped = text.replace(/[&<>]/g, (character) => entities[character] ?? '');
      markup += style === '' ? escaped : `<span class="${style}">${escaped}</span>`;
    }
    markup += '\n</code></div>';
  }
  return raw(markup);
}

const entities: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
