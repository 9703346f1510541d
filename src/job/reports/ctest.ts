import type { TestStatus } from '../../kernel/model.ts';
import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, type LineParser } from './lines.ts';

/** What CTest calls a result; all others are failures, such as `Exception: SegFault` or `Not Run`. */
const statusOf: { readonly [word: string]: TestStatus } = {
  Passed: 'passed',
  Skipped: 'skipped',
  'Not Run (Disabled)': 'skipped',
};

/** The output of CTest; with `--output-on-failure`, what a failed test printed follows it. */
export class CTestParser implements LineParser {
  readonly begins = ['No tests'];
  readonly afterNumber = ['/', '% tests'];
  readonly #tests: FoundTest[] = [];
  #runner = false;
  #failed: { test: FoundTest; text: Excerpt } | undefined;

  get inside(): boolean {
    return this.#failed !== undefined;
  }

  /** What a failed test printed may look like the output of another test runner. */
  get owns(): boolean {
    return this.#failed !== undefined;
  }

  line(text: string): void {
    const begin = /^ *\d+\/\d+ Test +#\d+: /.exec(text);
    if (begin) {
      this.#settle();
      this.#row(text.slice(begin[0].length));
    } else if (
      /^\d+% tests passed, \d+ tests? failed out of \d+$/.test(text) ||
      /^No tests were found!!!$/.test(text)
    ) {
      this.#settle();
      this.#runner = true;
    } else if (/^ +Start +\d+: |^(?:\[volt\] |##\[)/.test(text)) this.#settle();
    else this.#failed?.text.add(text);
  }

  end(): Findings {
    this.#settle();
    // it fails for that with `--no-tests=error`
    return this.#runner
      ? { tests: this.#tests, runner: { name: 'ctest', refuses: this.#tests.length === 0 } }
      : { tests: [] };
  }

  /** @param text such as `adds .............................***Failed    0.01 sec` */
  #row(text: string): void {
    const end = text.lastIndexOf(' sec');
    const time = text.lastIndexOf(' ', end - 1);
    const [, name, result = ''] = /^(\S.*?) \.+(?: {3}|\*{3})(\w.*)$/.exec(text.slice(0, time).trimEnd()) ?? [];
    const seconds = Number(text.slice(time, end));
    if (name === undefined || end < 0 || this.#tests.length >= mostTests) return;
    const status = statusOf[result] ?? 'failed';
    const test: FoundTest = { suite: '', name, status, duration: seconds * 1000 };
    this.#tests.push(test);
    if (status !== 'failed') return;
    test.message = result;
    this.#failed = { test, text: new Excerpt() };
  }

  #settle(): void {
    if (this.#failed && this.#failed.text.text !== '') this.#failed.test.details = this.#failed.text.text;
    this.#failed = undefined;
  }
}
