import type { Build, TestResult, TestSummary } from '../kernel/model.ts';
import type { differenceOf } from '../web/text/difference.ts';
import { suiteText } from '../web/text/suite.ts';
import type { Client } from './client.ts';
import { paint, plain, print } from './terminal.ts';

/** The most tests that are listed by name; the others are only counted. */
const mostShown = 20;
/** Lines of a difference that are printed, and milliseconds for finding it. */
const mostLines = 30;
const comparingTime = 50;

type ResultPage = { tests: (TestResult & { job: string })[]; next: string | null };

/** The failed tests of each job of a build. */
export class FailedTests {
  readonly #byJob: ReadonlyMap<string, TestResult[]>;
  readonly #compare: typeof differenceOf;

  private constructor(byJob: ReadonlyMap<string, TestResult[]>, compare: typeof differenceOf) {
    this.#byJob = byJob;
    this.#compare = compare;
  }

  static async of(client: Client, build: Build): Promise<FailedTests> {
    const failing = build.jobs.filter(({ tests }) => (tests?.failed ?? 0) > 0);
    const byJob = new Map<string, TestResult[]>();
    for (const { id } of failing.slice(0, mostShown)) {
      const page = await client.get<ResultPage>(`/jobs/${id}/tests`, { status: 'failed', limit: mostShown });
      byJob.set(id, page.tests);
    }
    const { differenceOf } = await import('../web/text/difference.ts');
    return new FailedTests(byJob, differenceOf);
  }

  print(job: string, summary: TestSummary): void {
    const { passed, failed, skipped } = summary;
    const parts = [failed > 0 ? `${failed} failed` : '', `${passed} passed`, skipped > 0 ? `${skipped} skipped` : ''];
    print(`      tests: ${parts.filter((part) => part !== '').join(', ')}`);
    const tests = this.#byJob.get(job) ?? [];
    for (const test of tests) {
      const suite = test.suite === '' ? '' : `${plain(suiteText(test.suite))} › `;
      print(`        ${paint('red', '✗')} ${suite}${plain(test.name)}`);
      const message = test.message?.split('\n', 1)[0];
      if (message) print(`          ${paint('dim', plain(message))}`);
      for (const line of differenceLines(test, this.#compare)) print(`          ${line}`);
      for (const { text } of test.stack.slice(0, 1)) print(`          ${paint('dim', plain(text))}`);
    }
    if (tests.length > 0 && failed > tests.length) print(`        and ${failed - tests.length} more`);
  }
}

/** What a test expected with `-`, and what it got with `+`. */
function differenceLines({ expected, actual }: TestResult, compare: typeof differenceOf): string[] {
  if (expected === null || actual === null) return [];
  const lines = compare(expected, actual, performance.now() + comparingTime);
  const shown = lines.slice(0, mostLines).map((line) => {
    if (line.side === 'left-out') return paint('dim', `… ${line.lines} more lines`);
    const text = plain(line.pieces.map(({ text }) => text).join(''));
    if (line.side === 'both') return `  ${text}`;
    return line.side === 'expected' ? paint('green', `- ${text}`) : paint('red', `+ ${text}`);
  });
  const more = lines.length - shown.length;
  const legend = `${paint('green', '- expected')} ${paint('red', '+ actual')}`;
  return [legend, ...shown, ...(more > 0 ? [paint('dim', `… ${more} more lines`)] : [])];
}
