import type { Findings, LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

/** The output of `dotnet test`: the tests that failed, and the totals of each project. */
export class DotnetParser implements LineParser {
  readonly begins = ['  Failed ', 'Passed!  - ', 'Failed!  - ', 'Skipped! - ', 'No test', 'Test summary: '];
  readonly #tests = new PrintedTests();

  get inside(): boolean {
    return this.#tests.failing;
  }

  line(text: string): void {
    const failed = /^ {2}Failed (\S.*) \[(?:< )?\d+ m?s(?: \d+ m?s)?\]$/.exec(text);
    const counts = /^(?:Passed|Failed|Skipped)! +- Failed: +(\d+), Passed: +(\d+), Skipped: +(\d+), Total: /.exec(text);
    const sum = /^Test summary: total: \d+, failed: (\d+), succeeded: (\d+), skipped: (\d+)\b/.exec(text);
    const totals = counts ?? sum;
    if (failed) this.#begin(failed[1] ?? '');
    else if (totals) this.#tests.count([`${totals[1]} failed`, `${totals[2]} passed`, `${totals[3]} skipped`]);
    else if (/^No test (?:is available in |matches the given )/.test(text)) this.#tests.findNone(false);
    else if (/^ {2}(?:Passed|Skipped) \S/.test(text)) this.#tests.settle();
    else if (!/^ {2}(?:Error Message|Stack Trace):$/.test(text)) this.#tests.line(text.replace(/^ {2,5}/, ''));
  }

  end(): Findings {
    return this.#tests.findings('dotnet test');
  }

  /** @param full such as `App.Tests.Calculator.Adds(a: 1.5)` */
  #begin(full: string): void {
    const given = full.indexOf('(');
    const at = full.lastIndexOf('.', given < 0 ? undefined : given);
    const titles = at > 0 && !/\s/.test(full.slice(0, at)) ? [full.slice(0, at), full.slice(at + 1)] : [full];
    this.#tests.describeFailure(this.#tests.add(null, titles, { status: 'failed' }));
  }
}
