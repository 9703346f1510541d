import { raw } from 'hono/html';
import { logFile } from '../../kernel/config.ts';
import { type Build, isFinal, type Job } from '../../kernel/model.ts';
import type { Web } from '../context.ts';
import { logTail } from '../log-file.ts';
import { type Line, linesOf } from '../terminal.ts';

/** So much of a log's end is in the page itself; the whole is one link away. */
const tailBytes = 128 * 1024;
const tailLines = 5000;

interface ChosenLog {
  job: Job;
  attempt: number;
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

/**
 * The end of a log as text. While the job runs, the browser's script takes over from `data-start` and follows it;
 * the key tells it when another log has taken this one's place.
 */
export async function LogSection({ web, chosen: { job, attempt } }: { web: Web; chosen: ChosenLog }) {
  const tail = await logTail(logFile(web.config.dataDir, { job: job.id, attempt }), tailBytes);
  const lines = linesOf(tail.text);
  const shown = lines.slice(-tailLines);
  const cut = tail.start > 0 || shown.length < lines.length;
  const whole = `/api/v1/jobs/${job.id}/log?attempt=${attempt}`;
  const current = job.attempts.at(-1)?.number ?? 1;
  const live = attempt === current && !isFinal(job.status);
  return (
    <section
      id="log"
      data-key={`${job.id}.${attempt}`}
      data-job={job.id}
      data-attempt={attempt}
      data-start={tail.start}
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
        <a href={whole}>{cut ? 'whole log' : 'as text'}</a>
      </div>
      <p class="cut" hidden={!cut}>
        Earlier lines are left out here; the <a href={whole}>whole log</a> has them.
      </p>
      <pre class="log">{markupOf(shown)}</pre>
      {shown.length === 0 && <p class="empty">{live ? 'No output yet.' : 'There is no output.'}</p>}
    </section>
  );
}

/**
 * Lines as markup. A log may be ten thousand pieces, for which components would hold the event loop too long; so this
 * is written by hand, and all text in it is escaped here.
 */
function markupOf(lines: readonly Line[]) {
  let markup = '';
  for (const line of lines) {
    for (const { text, style } of line) {
      const escaped = text.replace(/[&<>]/g, (character) => entities[character] ?? '');
      markup += style === '' ? escaped : `<span class="${style}">${escaped}</span>`;
    }
    markup += '\n';
  }
  return raw(markup);
}

const entities: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
