import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, type LineParser, suiteOf, unnamedOf } from './lines.ts';

const statusOf = { '✓': 'passed', '×': 'failed', '↓': 'skipped' } as const;

/** What Vitest prints by its reporter `default`: the tests of files where one has failed, and the numbers. */
export class VitestTextParser implements LineParser {
  readonly begins = ' ⎯';
  readonly #tests: FoundTest[] = [];
  readonly #known = new Map<string, FoundTest>();
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  #isVitest = false;
  #file: string | null = null;
  #last: FoundTest | undefined;
  #failure: { test: FoundTest; text: Excerpt } | undefined;

  get inside(): boolean {
    return this.#failure !== undefined;
  }

  line(text: string): void {
    const file = /^ [✓❯↓] (\S.*?) \(\d+ tests?\b[^)]*\)(?: [\d.]+m?s)?$/.exec(text);
    const sum = /^ +Tests {2}(.*) \(\d+\)$/.exec(text);
    const failed = /^ FAIL {2}(.*)$/.exec(text);
    if (file) this.#file = file[1] ?? null;
    else if (sum) this.#sum(sum[1] ?? '');
    else if (failed) this.#begin((failed[1] ?? '').split(' > '));
    else if (/^⎯+(\[\d+\/\d+\])?⎯*$/.test(text)) this.#settle();
    else if (this.#failure) this.#failure.text.add(text);
    else this.#tree(text);
  }

  end(): Findings {
    if (!this.#isVitest) return { tests: [] };
    return { tests: this.#tests, unnamed: unnamedOf(this.#totals, this.#tests) };
  }

  #tree(text: string): void {
    const why = /^ {5}→ (.*)$/.exec(text);
    if (why && this.#last) this.#last.message ??= why[1] ?? null;
    const [, mark, title = ''] = /^ {3}([✓×↓]) (\S.*)$/.exec(text) ?? [];
    if (mark === undefined || this.#file === null) return;
    const [, names = title, ms] = /^(.*?)(?: (\d+)ms)?$/.exec(title) ?? [];
    const duration = ms === undefined ? null : Number(ms);
    this.#last = this.#add(this.#file, names.split(' > '), { status: statusOf[mark as '✓'], duration });
  }

  #begin([file = '', ...titles]: string[]): void {
    this.#settle();
    const test = this.#add(file, titles.length === 0 ? ['(file)'] : titles, { status: 'failed' });
    if (test) this.#failure = { test, text: new Excerpt() };
  }

  #add(file: string, titles: string[], known: Pick<FoundTest, 'status' | 'duration'>): FoundTest | undefined {
    const key = JSON.stringify([file, titles]);
    const there = this.#known.get(key);
    if (there || this.#tests.length >= mostTests) return there;
    const test: FoundTest = { suite: suiteOf(titles.slice(0, -1)) || file, name: titles.at(-1) ?? '', file, ...known };
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
    this.#isVitest = true;
    this.#settle();
    for (const part of text.split(' | ')) {
      const [, count, word] = /^(\d+) (passed|failed|skipped|todo)$/.exec(part) ?? [];
      if (word !== undefined) this.#totals[word === 'todo' ? 'skipped' : (word as 'passed')] += Number(count);
    }
  }
}
