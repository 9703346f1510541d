import type { TestStatus } from '../../kernel/model.ts';
import type { Findings, LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

const statusOf: { readonly [mark: string]: TestStatus } = { '.': 'passed', F: 'failed', E: 'failed', S: 'skipped' };

/** The output of Ruby's Minitest and test-unit: with Minitest's -v every test, otherwise failures, and the totals. */
export class MinitestParser implements LineParser {
  readonly begins = ['Run options: ', 'Loaded suite '];
  readonly #tests = new PrintedTests();
  /** `Run options:` of Minitest, `Loaded suite` of test-unit */
  #running = false;
  #name = '';
  /** a heading such as `1) Failure:`; the next line names the test */
  #heading = false;

  get inside(): boolean {
    return this.#running;
  }

  line(text: string): void {
    if (/^Run options: |^Loaded suite /.test(text)) {
      this.#running = true;
      this.#name = text.startsWith('Run') ? 'Minitest' : 'test-unit';
    } else if (this.#running) this.#inside(text);
  }

  end(): Findings {
    return this.#tests.findings(this.#name, this.#running);
  }

  #inside(text: string): void {
    const heading = this.#heading;
    this.#heading = false;
    const result = /^(\S.*)#(\w.*) = ([\d.]+) s = ([.FES])$/.exec(text);
    const named = heading ? /^(\S.*)#(\S.*?)(?: \[(\S+?)(?::\d+)?\])?:$/.exec(text) : null;
    const unit = /^(Failure|Error): (\S.*?)\((\w[\w:]*)\)(?::|$)/.exec(text);
    const sum = /^(\d+) (?:runs|tests), \d+ assertions, (.*)$/.exec(text);
    if (result) {
      const [, suite = '', name = '', seconds, mark = ''] = result;
      this.#tests.add(null, [suite, name], { status: statusOf[mark] ?? 'failed', duration: Number(seconds) * 1000 });
    } else if (/^(?: {2}\d+\) )?(?:Failure|Error):$/.test(text)) {
      this.#tests.settle();
      this.#heading = true;
    } else if (/^(?: {2}\d+\) )?Skipped:$|^={79}$/.test(text)) this.#tests.settle();
    else if (named) this.#begin(named[1] ?? '', named[2] ?? '');
    else if (unit) this.#begin(unit[3] ?? '', unit[2] ?? '');
    else if (sum) this.#sum(Number(sum[1]), sum[2] ?? '');
    else this.#tests.line(text);
  }

  #begin(suite: string, name: string): void {
    this.#tests.describeFailure(this.#tests.add(null, [suite, name], { status: 'failed' }));
  }

  /** @param others such as `1 failures, 1 errors, 1 skips`, or of test-unit `1 pendings, 1 omissions` */
  #sum(all: number, others: string): void {
    this.#running = false;
    const count = (word: RegExp) =>
      others.split(', ').reduce((sum, part) => sum + (word.test(part) ? Number.parseInt(part, 10) : 0), 0);
    const failed = count(/failures|errors/);
    const skipped = count(/skips|pendings|omissions/);
    this.#tests.count([`${Math.max(all - failed - skipped, 0)} passed`, `${failed} failed`, `${skipped} skipped`]);
  }
}
