import type { FoundTest } from './collection.ts';
import type { Findings, LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

const statusOf = { '✓': 'passed', '×': 'failed', '↓': 'skipped' } as const;

/** The output of Vitest's reporter `default`: the tests of files with a failure, and the totals. */
export class VitestTextParser implements LineParser {
  readonly begins = ' ⎯N';
  readonly #tests = new PrintedTests();
  #file: string | null = null;
  #last: FoundTest | undefined;

  get inside(): boolean {
    return this.#tests.failing;
  }

  line(text: string): void {
    const file = /^ [✓❯↓] (\S.*?) \(\d+ tests?\b[^)]*\)(?: [\d.]+m?s)?$/.exec(text);
    const sum = /^ +Tests {2}(?:(.*) \(\d+\)|no tests)$/.exec(text);
    const none = /^No test files found, exiting with code ([01])$/.exec(text);
    const failed = /^ FAIL {2}(.*)$/.exec(text);
    if (none) this.#tests.findNone(none[1] === '1');
    else if (file) this.#file = file[1] ?? null;
    else if (sum) this.#tests.count((sum[1] ?? '').split(' | '));
    else if (failed) this.#begin((failed[1] ?? '').split(' > '));
    else if (/^⎯+(?:\[\d+\/\d+\]⎯*)?$/.test(text)) this.#tests.settle();
    else if (this.#tests.failing) this.#tests.line(text);
    else this.#tree(text);
  }

  end(): Findings {
    return this.#tests.findings('Vitest');
  }

  #tree(text: string): void {
    const why = /^ {5}→ (.*)$/.exec(text);
    if (why && this.#last) this.#last.message ??= why[1] ?? null;
    const [, mark, title = ''] = /^ {3}([✓×↓]) (\S.*)$/.exec(text) ?? [];
    if (mark === undefined || this.#file === null) return;
    const [, names = title, ms] = /^(.*?)(?: (\d+)ms)?$/.exec(title) ?? [];
    const duration = ms === undefined ? null : Number(ms);
    this.#last = this.#tests.add(this.#file, names.split(' > '), { status: statusOf[mark as '✓'], duration });
  }

  #begin([file = '', ...titles]: string[]): void {
    // a file that cannot be loaded fails as a whole
    this.#tests.describeFailure(this.#tests.add(file, titles.length === 0 ? ['(file)'] : titles, { status: 'failed' }));
  }
}
