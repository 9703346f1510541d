import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, type LineParser, suiteOf } from './lines.ts';

/** The output of `node --test` with the reporter `spec`. */
export class NodeSpecParser implements LineParser {
  readonly begins = 'ℹ✔✖▶﹣⚠ ';
  readonly #tests: FoundTest[] = [];
  /** failed tests that the list at the end has not described yet, by name */
  readonly #failed = new Map<string, FoundTest[]>();
  readonly #groups: string[] = [];
  #isNode = false;
  #failing = false;
  #file: string | null = null;
  #current: { test: FoundTest; text: Excerpt } | undefined;

  get inside(): boolean {
    return this.#failing;
  }

  line(text: string): void {
    if (/^ℹ tests \d+$/.test(text)) this.#isNode = true;
    if (text === '✖ failing tests:') {
      this.#failing = true;
      return;
    }
    if (this.#failing && !/^[✔▶]/.test(text)) {
      this.#failure(text);
      return;
    }
    this.#failing = false;
    const begin = /^((?: {2})*)▶ (.*?)( \([\d.]+ms\))?$/.exec(text);
    if (begin) {
      const depth = (begin[1]?.length ?? 0) / 2;
      if (depth > 100) return;
      // with a time it is the end of a group
      this.#groups.length = Math.min(this.#groups.length, depth);
      if (begin[3] === undefined) this.#groups[depth] = begin[2] ?? '';
      return;
    }
    const end = /^((?: {2})*)([✔✖﹣⚠]) (.*) \(([\d.]+)ms\)(?: # ?(?:SKIP|TODO)?\s*(.*))?$/.exec(text);
    if (end) this.#result((end[1]?.length ?? 0) / 2, end[2] ?? '', end[3] ?? '', Number(end[4]), end[5]);
  }

  end(): Findings {
    this.#settle();
    return this.#isNode ? { tests: this.#tests, runner: { name: 'node --test' } } : { tests: [] };
  }

  #result(depth: number, mark: string, name: string, duration: number, why: string | undefined): void {
    if (this.#groups.length > depth && this.#groups[depth] === name) {
      this.#groups.length = depth;
      return;
    }
    this.#groups.length = Math.min(this.#groups.length, depth);
    if (this.#tests.length >= mostTests) return;
    const status = mark === '✔' ? 'passed' : mark === '✖' ? 'failed' : 'skipped';
    const test: FoundTest = { suite: suiteOf(this.#groups), name, status, duration, message: why || null };
    this.#tests.push(test);
    if (status !== 'failed') return;
    const same = this.#failed.get(name);
    if (same) same.push(test);
    else this.#failed.set(name, [test]);
  }

  #failure(text: string): void {
    const location = /^test at (.*?):\d+:\d+$/.exec(text);
    const title = /^✖ (.*) \([\d.]+ms\)/.exec(text);
    if (location) {
      this.#settle();
      this.#file = location[1] ?? null;
    } else if (title) {
      this.#settle();
      const test = this.#failed.get(title[1] ?? '')?.shift();
      if (test) {
        test.file = this.#file;
        this.#current = { test, text: new Excerpt() };
      }
    } else this.#current?.text.add(text.replace(/^ {2}/, ''));
  }

  #settle(): void {
    if (!this.#current) return;
    const { test, text } = this.#current;
    test.message = text.headline;
    test.details = text.text;
    this.#current = undefined;
  }
}
