import type { Child } from 'hono/jsx';
import { type BuildSummary, type Status, statusWords } from '../../kernel/model.ts';
import { age, duration } from '../../kernel/times.ts';
import type { Problem } from '../schemas/terms.ts';

/** A status as a word with its colour. */
export function StatusMark({ status }: { status: Status }) {
  return <span class={`status ${status}`}>{statusWords[status]}</span>;
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
  build: Pick<BuildSummary, 'status' | 'startedAt'>;
  /** expected duration in milliseconds; undefined if no build like it has passed yet */
  estimate: number | undefined;
  now: number;
}

/** Progress of a running build, estimated from earlier builds; the browser keeps it current. */
export function Progress({ build, estimate, now }: Expected) {
  if (build.status !== 'running' || build.startedAt === null || estimate === undefined) return null;
  const elapsed = now - Date.parse(build.startedAt);
  return (
    <span class="progress">
      <progress
        max={estimate}
        value={Math.min(elapsed, estimate)}
        data-from={build.startedAt}
        aria-label="estimated progress"
      />
      <span>of about {duration(estimate)}</span>
    </span>
  );
}

/** `2026-05-01 12:30:05 UTC` */
export function inUtc(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
}

/** Text whose commands and code are between backticks. */
export function Words({ text }: { text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>;
}

/** Problems with their remedies. */
export function Problems({ problems }: { problems: readonly Problem[] }) {
  return (
    <div id="problems" data-live="">
      {problems.length > 0 && (
        <ul class="problems">
          {problems.map(({ code, message, remedy }) => (
            <li data-code={code}>
              <strong>{message}</strong>
              <span>
                <Words text={remedy} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
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
