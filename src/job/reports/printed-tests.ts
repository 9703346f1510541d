import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, suiteOf, unnamedOf } from './lines.ts';

/** The tests in output for people: each test by its titles, some again with their failure, and the totals. */
export class PrintedTests {
  readonly #tests: FoundTest[] = [];
  readonly #known = new Map<string, FoundTest>();
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  #counted = false;
  #none: { fails: boolean } | undefined;
  #failure: { test: FoundTest; text: Excerpt } | undefined;

  /** Whether the next lines describe a failure. */
  get failing(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Adds a test by the titles of its groups and its own.
   * @returns the test of the same titles, if there is one; undefined if there are too many
   */
  add(
    file: string | null,
    titles: readonly string[],
    known: Pick<FoundTest, 'status' | 'duration'>,
  ): FoundTest | undefined {
    const key = JSON.stringify([file, titles]);
    const earlier = this.#known.get(key);
    if (earlier || this.#tests.length >= mostTests) return earlier;
    const suite = suiteOf(titles.slice(0, -1)) || (file ?? '');
    const test: FoundTest = { suite, name: titles.at(-1) ?? '', file, ...known };
    this.#known.set(key, test);
    this.#tests.push(test);
    return test;
  }

  /** The next lines describe the failure of a test; without a test, they are skipped. */
  describeFailure(test: FoundTest | undefined): void {
    this.settle();
    this.#failure = { test: test ?? { suite: '', name: '', status: 'failed' }, text: new Excerpt() };
  }

  /** Takes a line of the description. */
  line(line: string): void {
    this.#failure?.text.add(line);
  }

  /** Ends the description. */
  settle(): void {
    if (!this.#failure) return;
    const { test, text } = this.#failure;
    test.message ??= text.headline;
    test.details ??= text.text;
    this.#failure = undefined;
  }

  /** @param parts of the line with the totals, such as `2 failed` */
  count(parts: readonly string[]): void {
    this.settle();
    this.#counted = true;
    for (const part of parts) {
      const [, count, word] = /^(\d+) (passed|failed|skipped|todo)$/.exec(part) ?? [];
      if (word !== undefined) this.#totals[word === 'todo' ? 'skipped' : (word as 'passed')] += Number(count);
    }
  }

  /** The runner says that it found no test. @param fails whether it fails for that reason */
  findNone(fails: boolean): void {
    this.#none = { fails };
  }

  /**
   * The result. Output without totals is from another program.
   * @param name of the runner
   * @param begun whether it surely began a run of tests that did not end
   */
  findings(name: string, begun = false): Findings {
    const runner = { name, refuses: this.#none?.fails === true };
    if (!this.#counted) return { tests: [], ...(this.#none ? { runner } : begun && { unfinished: name }) };
    return { tests: this.#tests, unnamed: unnamedOf(this.#totals, this.#tests), runner };
  }
}
