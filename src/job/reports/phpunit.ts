import type { Findings, LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

const totalOf: { readonly [word: string]: string } = {
  Errors: 'failed',
  Failures: 'failed',
  Skipped: 'skipped',
  Incomplete: 'skipped',
};

/** The output of PHPUnit: the tests that failed, and the totals. */
export class PhpunitParser implements LineParser {
  readonly begins = ['PHPUnit '];
  readonly #tests = new PrintedTests();
  #running = false;
  /** whether it has begun with the tests: `phpunit --version` prints the same first line */
  #begun = false;
  /** whether the list of numbered texts that follows is one of failed tests */
  #listing = false;

  get inside(): boolean {
    return this.#running;
  }

  line(text: string): void {
    if (/^PHPUnit \d/.test(text)) {
      this.#running = true;
      return;
    }
    if (!this.#running) return;
    if (/^Runtime: +PHP |^[.FEWRISDN]+(?: +\d+ \/ \d+ \( *\d+%\))?$/.test(text)) this.#begun = true;
    const list = /^There (?:was|were) \d+ (\w+(?: \w+)*):$/.exec(text);
    const begin = this.#listing ? /^\d+\) (\w[\w\\]*)::(\S.*)$/.exec(text) : null;
    const sum = /^OK \((\d+) tests?, \d+ assertions?\)$/.exec(text);
    if (list || text === '--') {
      this.#tests.settle();
      this.#listing = list ? /^(?:error|failure)s?$/.test(list[1] ?? '') : false;
    } else if (begin) {
      const [, suite = '', name = ''] = begin;
      const given = / \([^()]*\)$/.exec(name)?.[0] ?? '';
      const titles = [suite, / with data set /.test(name) ? name.slice(0, name.length - given.length) : name];
      this.#tests.describeFailure(this.#tests.add(null, titles, { status: 'failed' }));
    } else if (sum) this.#sum([`${sum[1]} passed`]);
    else if (/^Tests: \d+, Assertions: \d+[,.]/.test(text)) this.#sum(partsOf(text));
    else if (text === 'No tests executed!') this.#sum([]);
    else this.#tests.line(text);
  }

  end(): Findings {
    return this.#tests.findings('PHPUnit', this.#running && this.#begun);
  }

  #sum(parts: string[]): void {
    this.#tests.count(parts);
    this.#running = false;
    this.#listing = false;
  }
}

/** @param text such as `Tests: 8, Assertions: 4, Errors: 1, Failures: 2, Skipped: 1, Risky: 1.` */
function partsOf(text: string): string[] {
  const counts = text
    .replace(/\.$/, '')
    .split(', ')
    .map((part) => part.split(': '));
  const others = counts.flatMap(([word = '', count]) => {
    const total = totalOf[word];
    return total === undefined ? [] : [{ total, count: Number(count) }];
  });
  const all = Number(counts[0]?.[1]);
  const passed = Math.max(all - others.reduce((sum, { count }) => sum + count, 0), 0);
  return [`${passed} passed`, ...others.map(({ total, count }) => `${count} ${total}`)];
}
