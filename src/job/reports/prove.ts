import { type FoundTest, mostTests } from './collection.ts';
import { type Findings, type LineParser, unnamedOf } from './lines.ts';

/** The output of Perl's `prove`: the files with a failure, and the totals. With -v, it contains TAP, which tells more. */
export class ProveParser implements LineParser {
  readonly begins = ['Files=', 'Test Summary Report', 'Result: ', 'ok ', 'not ok ', '1..'];
  readonly #tests: FoundTest[] = [];
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  #runner = false;
  #isVerbose = false;
  #summary = false;
  #failed = 0;

  get inside(): boolean {
    return this.#summary;
  }

  line(text: string): void {
    const sum = /^Files=\d+, Tests=(\d+), /.exec(text);
    const file = this.#summary ? /^(\S.*\S) +\(Wstat: (\d+).*Tests: \d+ Failed: (\d+)\)$/.exec(text) : null;
    if (/^(?:(?:not )?ok \d|1\.\.\d)/.test(text)) this.#isVerbose = true;
    else if (text === 'Test Summary Report') this.#summary = true;
    else if (file) this.#file(file[1] ?? '', Number(file[3]));
    else if (sum) {
      this.#summary = false;
      this.#totals.passed += Math.max(Number(sum[1]) - this.#failed, 0);
      this.#totals.failed += this.#failed;
      this.#failed = 0;
    } else if (/^Result: (?:PASS|FAIL|NOTESTS)$/.test(text)) this.#runner = true;
  }

  end(): Findings {
    if (!this.#runner || this.#isVerbose) return { tests: [] };
    return { tests: this.#tests, unnamed: unnamedOf(this.#totals, this.#tests), runner: { name: 'prove' } };
  }

  /** A file stands for those of its tests that failed; one that ended early may have none. */
  #file(file: string, failed: number): void {
    if (this.#tests.length >= mostTests) return;
    const name = failed === 0 ? '(file)' : `(${failed} of its tests)`;
    this.#tests.push({ suite: file, name, file, status: failed === 0 ? 'error' : 'failed' });
    this.#failed += failed;
  }
}
