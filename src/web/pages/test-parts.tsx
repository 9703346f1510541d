import type { TestStatus } from '../../kernel/model.ts';
import { duration } from '../../kernel/times.ts';
import { statusOfTest } from '../../kernel/verdict.ts';
import { suiteText } from '../text/suite.ts';

/** The result of a test as a coloured word. */
export function TestMark({ status }: { status: TestStatus }) {
  return <span class={`status ${statusOfTest[status]}`}>{status}</span>;
}

interface Named {
  repo: string;
  test: { id: string; suite: string; name: string };
}

/** A test's name, as a link to its history. */
export function TestLink({ repo, test: { id, suite, name } }: Named) {
  return (
    <a class="test" href={`/repos/${repo}/tests/${id}`}>
      {suite !== '' && <span class="faint">{suiteText(suite)} › </span>}
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
