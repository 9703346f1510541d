import type { Build, TestResult, TestSummary } from '../kernel/model.ts';
import type { Client } from './client.ts';
import { paint, plain, print } from './terminal.ts';

/** The most tests that are listed by name; the others are only counted. */
const mostShown = 20;

type ResultPage = { tests: (TestResult & { job: string })[]; next: string | null };

/** The failed tests of each job of a build. */
export class FailedTests {
  readonly #byJob: ReadonlyMap<string, TestResult[]>;

  private constructor(byJob: ReadonlyMap<string, TestResult[]>) {
    this.#byJob = byJob;
  }

  static async of(client: Client, build: Build): Promise<FailedTests> {
    const failing = build.jobs.filter(({ tests }) => (tests?.failed ?? 0) > 0);
    const byJob = new Map<string, TestResult[]>();
    for (const { id } of failing.slice(0, mostShown)) {
      const page = await client.get<ResultPage>(`/jobs/${id}/tests`, { status: 'failed', limit: mostShown });
      byJob.set(id, page.tests);
    }
    return new FailedTests(byJob);
  }

  print(job: string, summary: TestSummary): void {
    const { passed, failed, skipped } = summary;
    const parts = [failed > 0 ? `${failed} failed` : '', `${passed} passed`, skipped > 0 ? `${skipped} skipped` : ''];
    print(`      tests: ${parts.filter((part) => part !== '').join(', ')}`);
    const tests = this.#byJob.get(job) ?? [];
    for (const test of tests) {
      const suite = test.suite === '' ? '' : `${plain(test.suite)} > `;
      print(`        ${paint('red', '✗')} ${suite}${plain(test.name)}`);
      const message = test.message?.split('\n', 1)[0];
      if (message) print(`          ${paint('dim', plain(message))}`);
    }
    if (tests.length > 0 && failed > tests.length) print(`        and ${failed - tests.length} more`);
  }
}
