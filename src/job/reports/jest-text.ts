import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, type LineParser, suiteOf, unnamedOf } from './lines.ts';

const statusOf = { '✓': 'passed', '✕': 'failed', '○': 'skipped', '✎': 'skipped' } as const;

/** What Jest prints: every test of a single file or with --verbose, else only those that failed and the numbers. */
export class JestTextParser implements LineParser {
  readonly begins = 'PFT';
  readonly #tests: FoundTest[] = [];
  readonly #known = new Map<string, FoundTest>();
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  #isJest = false;
  #file: string | null = null;
  #groups: string[] = [];
  #failure: { test: FoundTest; text: Excerpt } | undefined;

  get inside(): boolean {
    return this.#file !== null;
  }

  line(text: string): void {
    const file = /^(?:PASS|FAIL) +(\S.*?)(?: \([\d.]+ m?s\))?$/.exec(text);
    const sum = /^Tests: +(.*), \d+ total$/.exec(text);
    if (file || sum || /^Test Suites: /.test(text)) {
      this.#settle();
      this.#groups = [];
      this.#file = file?.[1]?.replace(/^\.\//, '') ?? null;
      if (sum) this.#sum(sum[1] ?? '');
      return;
    }
    if (this.#file === null) return;
    const title = /^ {2}● (.*)$/.exec(text)?.[1];
    if (title !== undefined) this.#begin(title.split(' › '));
    else if (this.#failure) this.#failure.text.add(text.replace(/^ {4}/, ''));
    else this.#tree(text);
  }

  end(): Findings {
    if (!this.#isJest) return { tests: [] };
    return { tests: this.#tests, unnamed: unnamedOf(this.#totals, this.#tests) };
  }

  #tree(text: string): void {
    const [, indent = '', mark, title = ''] = /^((?: {2})+)(?:([✓✕○✎]) (?:skipped |todo )?)?(\S.*)$/.exec(text) ?? [];
    const depth = indent.length / 2;
    if (depth === 0 || depth > 100) return;
    if (mark === undefined) {
      this.#groups = [...this.#groups.slice(0, depth - 1), title];
      return;
    }
    const [, name = title, ms] = /^(.*?)(?: \((\d+) ms\))?$/.exec(title) ?? [];
    const duration = ms === undefined ? null : Number(ms);
    this.#add([...this.#groups.slice(0, depth - 1), name], { status: statusOf[mark as '✓'], duration });
  }

  #begin(titles: string[]): void {
    this.#settle();
    const test = titles[0] === 'Console' ? undefined : this.#add(titles, { status: 'failed' });
    // what tests have printed has a block, too
    this.#failure = { test: test ?? { suite: '', name: '', status: 'failed' }, text: new Excerpt() };
  }

  #add(titles: string[], known: Pick<FoundTest, 'status' | 'duration'>): FoundTest | undefined {
    const file = this.#file;
    const key = JSON.stringify([file, titles]);
    const there = this.#known.get(key);
    if (there || this.#tests.length >= mostTests) return there;
    const suite = suiteOf(titles.slice(0, -1)) || (file ?? '');
    const test: FoundTest = { suite, name: titles.at(-1) ?? '', file, ...known };
    this.#known.set(key, test);
    this.#tests.push(test);
    return test;
  }

  #settle(): void {
    if (!this.#failure) return;
    const { test, text } = this.#failure;
    test.message ??= text.headline;
    test.details ??= text.text;
    this.#failure = undefined;
  }

  #sum(text: string): void {
    this.#isJest = true;
    for (const part of text.split(', ')) {
      const [, count, word] = /^(\d+) (passed|failed|skipped|todo)$/.exec(part) ?? [];
      if (word !== undefined) this.#totals[word === 'todo' ? 'skipped' : (word as 'passed')] += Number(count);
    }
  }
}
