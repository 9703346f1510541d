import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, suiteOf, unnamedOf } from './lines.ts';

/** The tests that a program for people tells of: each by its titles, some again with what went wrong, all by numbers. */
export class PrintedTests {
  readonly #tests: FoundTest[] = [];
  readonly #known = new Map<string, FoundTest>();
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  #counted = false;
  #failure: { test: FoundTest; text: Excerpt } | undefined;

  /** Whether lines belong to what is told of a failure. */
  get failing(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * A test by the titles of its groups and its own.
   * @returns the one that was told of before, where there is one; undefined where there are too many
   */
  add(
    file: string | null,
    titles: readonly string[],
    known: Pick<FoundTest, 'status' | 'duration'>,
  ): FoundTest | undefined {
    const key = JSON.stringify([file, titles]);
    const there = this.#known.get(key);
    if (there || this.#tests.length >= mostTests) return there;
    const suite = suiteOf(titles.slice(0, -1)) || (file ?? '');
    const test: FoundTest = { suite, name: titles.at(-1) ?? '', file, ...known };
    this.#known.set(key, test);
    this.#tests.push(test);
    return test;
  }

  /** What follows tells how the test failed; of none, it is passed over. */
  fails(test: FoundTest | undefined): void {
    this.settle();
    this.#failure = { test: test ?? { suite: '', name: '', status: 'failed' }, text: new Excerpt() };
  }

  /** A line of what is told of the failure. */
  tells(line: string): void {
    this.#failure?.text.add(line);
  }

  /** The failure has been told of. */
  settle(): void {
    if (!this.#failure) return;
    const { test, text } = this.#failure;
    test.message ??= text.headline;
    test.details ??= text.text;
    this.#failure = undefined;
  }

  /** @param parts of the line that counts all tests, such as `2 failed` */
  count(parts: readonly string[]): void {
    this.settle();
    this.#counted = true;
    for (const part of parts) {
      const [, count, word] = /^(\d+) (passed|failed|skipped|todo)$/.exec(part) ?? [];
      if (word !== undefined) this.#totals[word === 'todo' ? 'skipped' : (word as 'passed')] += Number(count);
    }
  }

  /** Without the line of numbers it was another program. */
  findings(): Findings {
    if (!this.#counted) return { tests: [] };
    return { tests: this.#tests, unnamed: unnamedOf(this.#totals, this.#tests) };
  }
}
