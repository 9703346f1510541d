import type { FoundTest } from './collection.ts';
import type { Findings, LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

/** The output of ExUnit (`mix test`): with --trace every test, otherwise those that failed, and the totals. */
export class ExunitParser implements LineParser {
  readonly begins = ['Running ExUnit ', 'There are no tests'];
  readonly #tests = new PrintedTests();
  #running = false;
  #module = '';
  /** the failed test that is described */
  #test: FoundTest | undefined;

  get inside(): boolean {
    return this.#running;
  }

  line(text: string): void {
    if (/^Running ExUnit with seed: /.test(text)) this.#running = true;
    else if (text === 'There are no tests to run') this.#tests.findNone(false);
    else if (this.#running) this.#inside(text);
  }

  end(): Findings {
    return this.#tests.findings('ExUnit', this.#running);
  }

  #inside(text: string): void {
    const failed = /^ {2}\d+\) (\S.*) \(([\w.]+)\)$/.exec(text);
    const module = /^([A-Z][\w.]*) \[.*\]$/.exec(text);
    // a terminal shows only what follows the last carriage return
    const traced = /^ {2}\* (\S.*\])$/.exec(text.slice(text.lastIndexOf('\r') + 1))?.[1];
    const file = /^ {5}(\S+\.exs?):\d+$/.exec(text)?.[1];
    if (failed) this.#begin(failed[2] ?? '', failed[1] ?? '');
    else if (module) this.#module = module[1] ?? '';
    else if (file !== undefined && this.#test && !this.#test.file) this.#test.file = file;
    else if (traced !== undefined) this.#trace(traced);
    else if (/^\d+ \w+(?:, \d+ \w+)*$/.test(text) && / failures?(?:,|$)/.test(text)) this.#sum(text);
    else if (/^Finished in /.test(text)) this.#tests.settle();
    else this.#tests.line(text.replace(/^ {5}/, ''));
  }

  #begin(module: string, name: string): void {
    const test = this.#tests.add(null, [module, name], { status: 'failed' });
    if (test) test.status = 'failed';
    this.#test = test;
    this.#tests.describeFailure(test);
  }

  /** @param text such as `test adds (0.01ms) [L#4]`; a failed test is described afterwards */
  #trace(text: string): void {
    const at = text.lastIndexOf(' (');
    const how = /^ \((?:(excluded|skipped)|([\d.]+)ms)\)/.exec(text.slice(at));
    if (at <= 0 || !how) return;
    const duration = how[2] === undefined ? null : Number(how[2]);
    this.#tests.add(null, [this.#module, text.slice(0, at)], { status: how[1] ? 'skipped' : 'passed', duration });
  }

  /** @param text such as `1 doctest, 5 tests, 2 failures, 1 skipped` */
  #sum(text: string): void {
    this.#running = false;
    const counts = { all: 0, failed: 0, skipped: 0 };
    for (const part of text.split(', ')) {
      const [count, word = ''] = part.split(' ');
      const kind = /^(?:failure|invalid)/.test(word) ? 'failed' : /^skipped|^excluded/.test(word) ? 'skipped' : 'all';
      counts[kind] += Number(count);
    }
    const passed = Math.max(counts.all - counts.failed - counts.skipped, 0);
    this.#tests.count([`${passed} passed`, `${counts.failed} failed`, `${counts.skipped} skipped`]);
  }
}
