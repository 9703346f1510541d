import type { FoundTest } from './collection.ts';
import { type Findings, hasTextAt, type LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

const escapeCode = 0x1b;

/** The output of uvu: the failed tests and the totals. */
export class UvuParser implements LineParser {
  readonly begins = ' ';
  readonly #tests = new PrintedTests();
  /** tests that ran, without skipped ones; until the number of passed ones follows */
  #total: number | undefined;
  #last: FoundTest | undefined;

  get inside(): boolean {
    return this.#tests.failing;
  }

  /** A colour may follow the indentation. */
  glance(output: Buffer, from: number): boolean {
    if (!hasTextAt('  ', output, from)) return false;
    return (
      output[from + 2] === escapeCode ||
      [' FAIL ', 'Total:', 'Passed:', 'Skipped:'].some((text) => hasTextAt(text, output, from + 2))
    );
  }

  line(text: string): void {
    const failed = text.endsWith('"') ? /^ {3}FAIL {1,2}(?:(\S.*?) {2})?"(.*)"$/.exec(text) : null;
    const [, what, count] = /^ {2}(Total|Passed|Skipped): +(\d+)$/.exec(text) ?? [];
    if (failed) {
      const titles = [failed[1] ?? '', failed[2] ?? ''];
      this.#last = this.#tests.add(null, titles, { status: 'failed' });
      this.#tests.describeFailure(this.#last);
    } else if (what !== undefined) this.#sum(what, Number(count));
    // each file begins at the margin, with its suites
    else if (/^\S/.test(text)) this.#tests.settle();
    else this.#tests.line(text.replace(/^ {4}/, ''));
  }

  end(): Findings {
    return this.#tests.findings('uvu');
  }

  #sum(what: string, count: number): void {
    this.#tests.settle();
    if (what === 'Total') this.#total = count;
    else if (what === 'Skipped') this.#tests.count([`${count} skipped`]);
    else if (this.#total !== undefined) {
      this.#tests.count([`${count} passed`, `${Math.max(this.#total - count, 0)} failed`]);
      this.#total = undefined;
    }
  }
}
