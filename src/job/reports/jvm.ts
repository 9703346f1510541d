import type { Findings, LineParser } from './lines.ts';

/** Totals of Maven, and what Maven and Gradle say where there are no tests. Single tests are in their reports. */
export class JvmParser implements LineParser {
  readonly begins = ['Tests run: ', '[INFO] Tests', '[INFO] No t', '[WARNING] Tests', '[ERROR] Tests', '> Task :'];
  readonly inside = false;
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  #runner: string | undefined;
  /** whether a task of Gradle ran, which tells no number */
  #ran = false;

  line(text: string): void {
    const sum = /^(?:\[\w+\] +)?Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)$/.exec(text);
    if (sum) {
      const [all = 0, failures = 0, errors = 0, skipped = 0] = sum.slice(1).map(Number);
      this.#runner = 'Maven';
      this.#totals.failed += failures + errors;
      this.#totals.skipped += skipped;
      this.#totals.passed += Math.max(all - failures - errors - skipped, 0);
    } else if (/^\[INFO\] No tests to run\.?$/.test(text)) this.#runner ??= 'Maven';
    else if (/^> Task (?::[\w.-]+)*:test NO-SOURCE$/.test(text)) this.#runner ??= 'Gradle';
    else if (/^> Task (?::[\w.-]+)*:test(?: UP-TO-DATE| FROM-CACHE)?$/.test(text)) this.#ran = true;
  }

  end(): Findings {
    if (this.#runner === undefined || (this.#runner === 'Gradle' && this.#ran)) return { tests: [] };
    return { tests: [], unnamed: this.#totals, runner: { name: this.#runner } };
  }
}
