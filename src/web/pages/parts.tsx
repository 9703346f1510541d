import type { Child } from 'hono/jsx';
import { durationStart } from '../../kernel/build-duration.ts';
import { type BuildSummary, type Status, statusWords } from '../../kernel/model.ts';
import { age, duration } from '../../kernel/times.ts';
import { isFailing } from '../../kernel/verdict.ts';
import type { Problem } from '../schemas/terms.ts';
import { Words } from './words.tsx';

/** A status as a word with its colour. */
export function StatusMark({ status }: { status: Status }) {
  return <span class={`status ${status}`}>{statusWords[status]}</span>;
}

/** A status as a sign with its colour; screen readers get the word. */
export function StatusDot({ status }: { status: Status }) {
  return (
    <span class={`dot ${status}`} title={statusWords[status]}>
      <span class="hidden">{statusWords[status]}: </span>
    </span>
  );
}

/** The status of a build; one that still runs but can no longer pass is `failing`. */
export function BuildMark({ build }: { build: Pick<BuildSummary, 'status' | 'reason'> }) {
  if (isFailing(build)) return <span class="status failing">failing</span>;
  return <StatusMark status={build.status} />;
}

/** The age of a time; the browser keeps it current. */
export function Age({ time, now }: { time: string; now: number }) {
  return (
    <time datetime={time} title={inUtc(time)} data-since="">
      {age(now - Date.parse(time))}
    </time>
  );
}

/** A duration; while it runs, the browser keeps it current. */
export function Took({ from, to, now }: { from: string | null; to: string | null; now: number }) {
  if (from === null) return <span class="faint">–</span>;
  if (to !== null) return <span>{duration(Date.parse(to) - Date.parse(from))}</span>;
  return (
    <time datetime={from} data-running="">
      {duration(now - Date.parse(from))}
    </time>
  );
}

interface Expected {
  build: Pick<BuildSummary, 'status' | 'startedAt' | 'idle'>;
  /** expected duration in milliseconds; undefined if no build like it has passed yet */
  estimate: number | undefined;
  now: number;
}

/** Progress of a running build, estimated from earlier builds; the browser keeps it current. */
export function Progress({ build, estimate, now }: Expected) {
  const from = durationStart(build);
  if (build.status !== 'running' || from === null || estimate === undefined) return null;
  const elapsed = now - Date.parse(from);
  return (
    <span class="progress">
      <progress max={estimate} value={Math.min(elapsed, estimate)} data-from={from} aria-label="estimated progress" />
      <span>of about {duration(estimate)}</span>
    </span>
  );
}

/** A point in time; the browser shows it in the reader's time zone. */
export function At({ time }: { time: string }) {
  return (
    <time datetime={time} data-clock="">
      {inUtc(time)}
    </time>
  );
}

/** A button that copies a text; hidden where there are no scripts. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const title = `Copy the ${what}`;
  return (
    <button type="button" class="quiet copy" data-copy={text} title={title} aria-label={title} hidden>
      copy
    </button>
  );
}

/** `2026-05-01 12:30:05 UTC` */
function inUtc(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
}

/** Problems with their remedies. */
export function Problems({ problems }: { problems: readonly Problem[] }) {
  return (
    <div id="problems" data-live="">
      {problems.length > 0 && <ProblemList problems={problems} />}
    </div>
  );
}

export function ProblemList({ problems }: { problems: readonly Problem[] }) {
  return (
    <ul class="problems">
      {problems.map(({ code, message, remedy }) => (
        <li data-code={code}>
          <strong>
            <Words text={message} />
          </strong>
          <span>
            <Words text={remedy} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** An entry of a list of facts. */
export function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A commit by the beginning of its id, with a link to its page at the forge where that is known. */
export function CommitId({ sha, at }: { sha: string; at: string | null | undefined }) {
  return (
    <a class="quiet" href={at ?? undefined}>
      <code title={sha}>{sha.slice(0, 7)}</code>
    </a>
  );
}
