import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, type LineParser, suiteOf, unnamedOf } from './lines.ts';

interface Failure {
  titles: string[];
  titled: boolean;
  text: Excerpt;
}

/** The output of Mocha's default reporter `spec`; of its other reporters the failures and the totals. */
export class MochaSpecParser implements LineParser {
  readonly begins = 'ℹE \t\r\n';
  readonly #tests: FoundTest[] = [];
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  #isMocha = false;
  #noFile = false;
  #groups: string[] = [];
  /** failed tests of this run, by their number */
  #failed = new Map<number, FoundTest>();
  #run: FoundTest[] = [];
  #failures = new Map<number, Failure>();
  #failure: Failure | undefined;
  #summed = false;
  /** whether the line before was empty or a test, so that an outermost group may follow */
  #mayBegin = true;

  get inside(): boolean {
    return this.#summed;
  }

  line(text: string, gap: boolean): void {
    if (gap) this.#mayBegin = false;
    if (/^Error: No test files found/.test(text)) this.#noFile = true;
    // the lines before were a tree of node's own runner
    if (!this.#summed && /^ℹ tests \d+$/.test(text)) this.#run = [];
    if (this.#summed) this.#afterSum(text);
    else this.#tree(text);
    this.#mayBegin = text.trim() === '' || /^(?: {2})+(?:[✔✓√]|\d+\)|-) /.test(text);
  }

  end(): Findings {
    if (!this.#isMocha) return { tests: [], ...(this.#noFile && { runner: { name: 'Mocha', refuses: true } }) };
    this.#close();
    return { tests: this.#tests, unnamed: unnamedOf(this.#totals, this.#tests), runner: { name: 'Mocha' } };
  }

  #tree(text: string): void {
    const sum = /^ {2}(\d+) passing \(\d+m?[smhd]\)$/.exec(text);
    if (sum) {
      this.#isMocha = true;
      this.#summed = true;
      this.#totals.passed += Number(sum[1]);
      return;
    }
    const [, indent = '', mark, title = ''] = /^((?: {2})+)([✔✓√] |\d+\) |- )?(\S.*)$/.exec(text) ?? [];
    const depth = indent.length / 2;
    if (depth === 0) return;
    if (mark === undefined) {
      // distinguishes outermost groups from other output
      if (depth === 1 ? !this.#mayBegin : this.#groups.length < depth - 1) return;
      this.#groups = [...this.#groups.slice(0, depth - 1), title];
      return;
    }
    if (this.#run.length >= mostTests || depth > 100) return;
    const suite = suiteOf(this.#groups.slice(0, depth - 1));
    const time = /^(.*) \((\d+)ms\)$/.exec(title);
    const named = { suite, name: time?.[1] ?? title, duration: time ? Number(time[2]) : null };
    if (mark === '- ') this.#run.push({ ...named, name: title, status: 'skipped' });
    else if (/^\d/.test(mark)) {
      const status = /^"(before|after)( all| each)" hook/.test(title) ? 'error' : 'failed';
      const test: FoundTest = { suite, name: title, status };
      this.#failed.set(Number.parseInt(mark, 10), test);
      this.#run.push(test);
    } else this.#run.push({ ...named, status: 'passed' });
  }

  #afterSum(text: string): void {
    const sum = /^ {2}(\d+) (failing|pending)$/.exec(text);
    if (sum) {
      this.#totals[sum[2] === 'failing' ? 'failed' : 'skipped'] += Number(sum[1]);
      return;
    }
    const begin = /^ {2}(\d+)\) (.*)$/.exec(text);
    if (begin) {
      const titles = (begin[2] ?? '').trim();
      this.#failure = { titles: [titles.replace(/:$/, '')], titled: titles.endsWith(':'), text: new Excerpt() };
      if (this.#failures.size < mostTests) this.#failures.set(Number(begin[1]), this.#failure);
    } else if (/^(?: {2})+[✔✓√] /.test(text)) {
      // another run in the same output
      this.#close();
      this.#tree(text);
    } else if (this.#failure && !this.#failure.titled) {
      this.#failure.titled = text.endsWith(':') || text.trim() === '';
      this.#failure.titles.push(text.trim().replace(/:$/, ''));
    } else this.#failure?.text.add(text.replace(/^ {5}/, ''));
  }

  #close(): void {
    for (const [number, { titles, text }] of this.#failures) {
      let test = this.#failed.get(number);
      if (!test) {
        test = { suite: suiteOf(titles.slice(0, -1)), name: titles.at(-1) ?? '', status: 'failed' };
        this.#run.push(test);
      }
      test.message = text.headline;
      test.details = text.text;
    }
    for (const test of this.#run) if (this.#tests.length < mostTests) this.#tests.push(test);
    this.#run = [];
    this.#failed = new Map();
    this.#failures = new Map();
    this.#failure = undefined;
    this.#groups = [];
    this.#summed = false;
  }
}
