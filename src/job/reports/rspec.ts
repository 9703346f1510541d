import type { FoundTest } from './collection.ts';
import type { Findings, LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

/** The output of RSpec: the examples that failed, and the totals. */
export class RspecParser implements LineParser {
  readonly begins = ['Failures:'];
  readonly afterNumber = [' example'];
  readonly #tests = new PrintedTests();
  /** whether the list of failures is open */
  #listing = false;
  /** the failed example that is described */
  #test: FoundTest | undefined;

  get inside(): boolean {
    return this.#listing;
  }

  line(text: string): void {
    const sum =
      /^(\d+) examples?, (\d+) failures?(?:, (\d+) pending)?(?:, (\d+) errors? occurred outside of examples)?$/.exec(
        text,
      );
    const begin = this.#listing ? /^ {2}\d+\) (\S.*)$/.exec(text) : null;
    if (text === 'Failures:') this.#listing = true;
    else if (begin) {
      const title = (begin[1] ?? '').replace(/ FIXED$/, '');
      this.#test = this.#tests.add(null, [title], { status: 'failed' });
      this.#tests.describeFailure(this.#test);
    } else if (sum) this.#sum(sum.slice(1).map((count) => Number(count ?? 0)));
    else if (/^Finished in [\d.]+/.test(text)) {
      this.#tests.settle();
      this.#listing = false;
    } else this.#explain(text.trim(), text.replace(/^ {5}/, ''));
  }

  end(): Findings {
    return this.#tests.findings('RSpec');
  }

  /** The failing line of the test is followed by an empty line and what was wrong. */
  #explain(said: string, line: string): void {
    this.#tests.line(line);
    if (!this.#test || said.startsWith('Failure/Error:')) return;
    const { message } = this.#test;
    if (said === '') this.#test.message ??= '';
    else if (message === '' || (message?.endsWith(':') && !/\s/.test(message)))
      this.#test.message = `${message} ${said}`.trim();
  }

  #sum([all = 0, failed = 0, pending = 0, errors = 0]: number[]): void {
    const passed = Math.max(all - failed - pending, 0);
    this.#tests.count([`${passed} passed`, `${failed + errors} failed`, `${pending} skipped`]);
    this.#listing = false;
  }
}
