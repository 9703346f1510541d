import type { TestStatus } from '../../kernel/model.ts';
import { type FoundTest, mostTests } from './collection.ts';
import type { Findings, LineParser } from './lines.ts';

const statusOf: { readonly [word: string]: TestStatus } = {
  PASS: 'passed',
  XFAIL: 'passed',
  FAIL: 'failed',
  XPASS: 'failed',
  ERROR: 'error',
  SKIP: 'skipped',
};

/** What older versions say after the tests, and those that are asked for `serial-tests`. */
const serialSummary =
  /^(?:(?:All \d+ tests|1 test) (?:passed|behaved as expected(?: \(.*\))?)|\d+ of \d+ tests? (?:failed|did not behave as expected(?: \(.*\))?))$/;

/** The output of `make check` with Automake. A verbose one names a test several times. */
export class AutomakeParser implements LineParser {
  readonly begins = [...Object.keys(statusOf).map((word) => `${word}: `), 'Testsuite summary for ', 'All '];
  readonly afterNumber = [' test ', ' of '];
  readonly inside = false;
  readonly #tests = new Map<string, FoundTest>();
  #runner = false;

  line(text: string): void {
    const [, word = '', name = ''] = /^([A-Z]{4,5}): (\S.*)$/.exec(text) ?? [];
    const status = statusOf[word];
    if (/^Testsuite summary for /.test(text) || (this.#tests.size > 0 && serialSummary.test(text))) this.#runner = true;
    else if (status !== undefined && this.#tests.size < mostTests) this.#tests.set(name, { suite: '', name, status });
  }

  end(): Findings {
    return this.#runner ? { tests: [...this.#tests.values()], runner: { name: 'make check' } } : { tests: [] };
  }
}
