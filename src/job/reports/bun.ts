import type { TestStatus } from '../../kernel/model.ts';
import { Excerpt, type Findings, type LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

const statusOf: { readonly [word: string]: TestStatus } = {
  pass: 'passed',
  fail: 'failed',
  skip: 'skipped',
  todo: 'skipped',
};
const totals: { readonly [word: string]: string } = { pass: 'passed', fail: 'failed', skip: 'skipped', todo: 'todo' };

/** The output of `bun test`. */
export class BunParser implements LineParser {
  readonly begins = 'b';
  readonly #tests = new PrintedTests();
  #running = false;
  #file: string | null = null;
  /** what was printed since the last result: a failure is told before its test */
  #text = new Excerpt();

  get inside(): boolean {
    return this.#running;
  }

  line(text: string): void {
    if (/^bun test v\d/.test(text)) {
      this.#running = true;
      return;
    }
    if (!this.#running) return;
    const result = /^\((pass|fail|skip|todo)\) (.*?)(?: \[([\d.]+)ms\])?$/.exec(text);
    const file = /^(\S.*\.[cm]?[jt]sx?):$/.exec(text);
    const sum = /^ +(\d+) (pass|fail|skip|todo)$/.exec(text);
    if (result) this.#result(result[1] ?? '', result[2] ?? '', result[3]);
    else if (file) {
      this.#file = file[1] ?? null;
      this.#text = new Excerpt();
    } else if (sum) this.#tests.count([`${sum[1]} ${totals[sum[2] ?? '']}`]);
    else if (/^Ran \d+ tests? across /.test(text)) this.#running = false;
    else if (/^No tests found!|^error: 0 test files matching /.test(text)) this.#tests.findNone(true);
    else this.#text.add(text);
  }

  end(): Findings {
    return this.#tests.findings('bun test', this.#running);
  }

  #result(word: string, titles: string, ms: string | undefined): void {
    const status = statusOf[word] ?? 'failed';
    const duration = ms === undefined ? null : Number(ms);
    const test = this.#tests.add(this.#file, titles.split(' > '), { status, duration });
    if (test && status === 'failed') {
      const { text } = this.#text;
      test.message = /^(?:\w*[Ee]rror): (.*)$/m.exec(text)?.[0] ?? this.#text.headline;
      test.details = text;
    }
    this.#text = new Excerpt();
  }
}
