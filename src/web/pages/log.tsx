import type { Context } from 'hono';
import { isFinal, type Job } from '../../kernel/model.ts';
import { shownLogHeader } from '../http/etag.ts';
import { removedAfter } from '../logs/removed-log.ts';
import type { Web } from '../services.ts';
import type { ChosenJob } from './chosen-job.ts';
import { markupOf } from './log-markup.ts';
import { askedLines, logPart, type Notes, pageLines } from './log-part.ts';
import { countOf, HitList, MoreHits, onlyHits, type Query, queryOf, SearchForm } from './log-search.tsx';
import { At } from './parts.tsx';

/** Digits of a line number for which there is room in any log. */
const leastDigits = 4;

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
  notes: Notes;
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
  const part = await logPart(web, { job, attempt }, asked, { notes, failedTests });
  const { from, lines, total, end, wanted, ofTest, failing, found } = part;
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
          {matches && asked.search?.only ? onlyHits(matches) : markupOf(lines)}
        </section>
      </div>
      {lines.length === 0 && (
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
