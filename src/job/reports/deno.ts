import type { TestStatus } from '../../kernel/model.ts';
import type { FoundTest } from './collection.ts';
import type { Findings, LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

const statusOf: { readonly [word: string]: TestStatus } = { ok: 'passed', FAILED: 'failed', ignored: 'skipped' };

/** Characters in which a line tells its result. */
const longestEnd = 100;

/** The output of `deno test`. Steps of a test are part of it, as in Deno's own totals. */
export class DenoParser implements LineParser {
  readonly begins = ['running ', 'error: No test', 'ok | ', 'FAILED | '];
  readonly #tests = new PrintedTests();
  readonly #failed = new Map<string, FoundTest>();
  #running = false;
  #file: string | null = null;

  get inside(): boolean {
    return this.#running;
  }

  line(text: string): void {
    const file = /^running \d+ tests? from (\S.*)$/.exec(text);
    const sum = /^(?:ok|FAILED) \| (.*?)(?: \(\d+m?s\))?$/.exec(text);
    if (file) {
      this.#running = true;
      this.#file = file[1]?.replace(/^\.\//, '') ?? null;
    } else if (sum) this.#sum(sum[1] ?? '');
    else if (/^error: No test modules found$/.test(text)) this.#tests.findNone(true);
    else if (this.#running) this.#inside(text);
  }

  end(): Findings {
    return this.#tests.findings('deno test');
  }

  #inside(text: string): void {
    const [name = text] = text.split(/ \.\.\. | => /, 1);
    const result = /\b(ok|FAILED|ignored)(?: \(due to [^()]*\))? \((\d+)(m?)s\)$/.exec(text.slice(-longestEnd));
    if (result && name.length < text.length && /^\S/.test(text)) {
      const [, word = '', time, milli] = result;
      const status = statusOf[word] ?? 'failed';
      const duration = Number(time) * (milli === 'm' ? 1 : 1000);
      const test = this.#tests.add(this.#file, [name], { status, duration });
      if (test && status === 'failed') this.#failed.set(name, test);
    } else if (/ => \S.*:\d+:\d+$/.test(text)) this.#tests.describeFailure(this.#failed.get(name));
    else if (/^ FAILURES $/.test(text)) {
      this.#tests.settle();
      this.#running = false;
    } else this.#tests.line(text.replace(/^error: /, ''));
  }

  /** Numbers of steps stand in brackets. */
  #sum(text: string): void {
    this.#running = false;
    const parts = text.replaceAll(/ \(\d+ steps?\)/g, '').split(' | ');
    this.#tests.count(parts.map((part) => part.replace(/ignored$/, 'skipped')));
  }
}
