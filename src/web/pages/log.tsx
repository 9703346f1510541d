import { raw } from 'hono/html';
import { logFile } from '../../kernel/data-paths.ts';
import { type Build, isFinal, type Job } from '../../kernel/model.ts';
import { type Hits, searchLog } from '../logs/search.ts';
import type { Web } from '../services.ts';
import type { Line } from '../text/terminal.ts';

/** So many lines are in the page itself; where scripts run, they take over and show all of them. */
const pageLines = 500;
const mostHits = 200;

interface ChosenLog {
  job: Job;
  attempt: number;
}

/** What of a log the address asks for. */
export interface AskedLines {
  /** from 1 */
  line?: number | undefined;
  /** a position in bytes, as steps have it */
  at?: number | undefined;
  /** text to look for */
  q?: string | undefined;
}

/**
 * The log that a build's page shows: the one that the address asks for, else that of the first job that went wrong, or
 * runs, or has begun.
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
 * A page of a log's lines, its last where the address names none, with links to the others and a search, which work
 * without scripts. The browser's script puts a window over the whole log in the place of the page, and follows it while
 * the job runs; the key tells it when another log has taken this one's place.
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
        <a href={`/api/v1/jobs/${job.id}/log?attempt=${attempt}`}>whole log as text</a>
      </div>
      <div class="log-bar">
        <form class="log-search" method="get" action="#log">
          <input type="hidden" name="job" value={job.id} />
          <input type="hidden" name="attempt" value={attempt} />
          <input type="search" name="q" value={asked.q ?? ''} aria-label="Text to find in the log" maxlength={200} />
          <button type="submit">Find</button>
        </form>
        <output class="found"></output>
        <span class="log-tools"></span>
      </div>
      {hits && <HitList hits={hits} address={address} q={asked.q ?? ''} />}
      <nav class="pages log-pages" aria-label="Pages of the log">
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
      <section class="log" tabindex={0} aria-label="Lines of the log">
        {markupOf(shown, from)}
      </section>
      {shown.length === 0 && <p class="empty">{live ? 'No output yet.' : 'There is no output.'}</p>}
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
      {hits.hits.length === 0 && <li class="faint">No line holds this text.</li>}
      {hits.next !== null && <li class="faint">There may be more.</li>}
    </ol>
  );
}

function strings(values: { [name: string]: string | number }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/**
 * Lines as markup. A log may be thousands of pieces, for which components would hold the event loop too long; so this
 * is written by hand, and all text in it is escaped here. Numbers are drawn by the style sheet, so that copied text is
 * free of them.
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
