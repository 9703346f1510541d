import type { TestStatus } from '../../kernel/model.ts';
import { duration } from '../../kernel/times.ts';

/** The status class of each test status. */
export const colours: { readonly [S in TestStatus]: string } = {
  passed: 'success',
  failed: 'failure',
  error: 'error',
  skipped: 'skipped',
};

/** The result of a test as a coloured word. */
export function TestMark({ status }: { status: TestStatus }) {
  return <span class={`status ${colours[status]}`}>{status}</span>;
}

interface Named {
  repo: string;
  test: { id: string; suite: string; name: string };
}

/** A test's name, as a link to its history. */
export function TestLink({ repo, test: { id, suite, name } }: Named) {
  return (
    <a class="test" href={`/repos/${repo}/tests/${id}`}>
      {suite !== '' && <span class="faint">{suite} &gt; </span>}
      {name}
    </a>
  );
}

/** @param ms null if it is not known */
export function TestTime({ ms }: { ms: number | null }) {
  if (ms === null) return <span class="faint">–</span>;
  return <>{timeOf(ms)}</>;
}

/** `3.4 ms`, `120 ms`, `2 min 3 s` */
export function timeOf(ms: number): string {
  return ms < 1000 ? `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms` : duration(ms);
}

/** Lines of a message that are shown without scrolling, as the style sheet has it. */
const mostLines = 6;

function isLong(message: string): boolean {
  return message.split('\n', mostLines + 1).length > mostLines;
}

interface Output {
  message: string | null;
  details: string | null;
  id: string;
}

/** The message and details of a test from its report. */
export function TestOutput({ message, details, id }: Output) {
  return (
    <>
      {message !== null && (
        <p class="message" tabindex={isLong(message) ? 0 : undefined}>
          {message}
        </p>
      )}
      {details !== null && (
        <details class="story" id={id}>
          <summary>Details</summary>
          <pre tabindex={0}>{details}</pre>
        </details>
      )}
    </>
  );
}
