import type { Findings, LineParser } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

const statusOf = { '✓': 'passed', '✕': 'failed', '○': 'skipped', '✎': 'skipped' } as const;

/** What Jest prints when a test is about to end its process. */
const exit = '  ●  process.exit called with';

/** The output of Jest: every test of a single file or with --verbose, otherwise only the failed ones and the totals. */
export class JestTextParser implements LineParser {
  readonly begins = ['P', 'F', 'T', 'N', exit];
  readonly #tests = new PrintedTests();
  #file: string | null = null;
  #groups: string[] = [];
  #hasExited = false;

  get inside(): boolean {
    return this.#file !== null;
  }

  line(text: string): void {
    const file = /^(?:PASS|FAIL) +(\S.*?)(?: \([\d.]+ m?s\))?$/.exec(text);
    const sum = /^Tests: +(?:(\S.*), )?\d+ total$/.exec(text);
    if (text.startsWith(exit)) this.#hasExited = true;
    if (/^No tests found, exiting with code [01]$/.test(text)) this.#tests.findNone(text.endsWith('1'));
    if (file || sum || /^Test Suites: /.test(text)) {
      this.#tests.settle();
      this.#groups = [];
      this.#file = file?.[1]?.replace(/^\.\//, '') ?? null;
      if (sum) this.#tests.count((sum[1] ?? '').split(', '));
      return;
    }
    if (this.#file === null) return;
    const title = /^ {2}● (.*)$/.exec(text)?.[1];
    if (title !== undefined) this.#begin(title.split(' › '));
    else if (this.#tests.failing) this.#tests.line(text.replace(/^ {4}/, ''));
    else this.#tree(text);
  }

  end(): Findings {
    return this.#tests.findings('Jest', this.#hasExited);
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
    const titles = [...this.#groups.slice(0, depth - 1), name];
    this.#tests.add(this.#file, titles, { status: statusOf[mark as '✓'], duration });
  }

  #begin(titles: string[]): void {
    // output of tests has a block, too
    const ofTest = titles[0] !== 'Console';
    this.#tests.describeFailure(ofTest ? this.#tests.add(this.#file, titles, { status: 'failed' }) : undefined);
  }
}
