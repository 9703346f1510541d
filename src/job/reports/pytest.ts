import type { TestStatus } from '../../kernel/model.ts';
import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, type LineParser, unnamedOf } from './lines.ts';

const statusOf: { readonly [word: string]: TestStatus } = {
  PASSED: 'passed',
  XPASS: 'passed',
  FAILED: 'failed',
  ERROR: 'error',
  SKIPPED: 'skipped',
  XFAIL: 'skipped',
};
const totalOf: { readonly [word: string]: 'passed' | 'failed' | 'skipped' } = {
  passed: 'passed',
  xpassed: 'passed',
  failed: 'failed',
  error: 'failed',
  errors: 'failed',
  skipped: 'skipped',
  xfailed: 'skipped',
};

/** The output of pytest: with -v every test, otherwise those that failed and the totals. */
export class PytestParser implements LineParser {
  readonly begins = ['=', '__', 'FAILED ', 'ERROR ', 'no tests ran'];
  /** of its totals */
  readonly afterNumber = [
    ' passed',
    ' failed',
    ' error',
    ' skipped',
    ' xfailed',
    ' xpassed',
    ' deselected',
    ' warning',
  ];
  readonly #tests = new Map<string, FoundTest>();
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  /** what the headings of failures tell, such as `TestSum.test_adds` */
  readonly #failures = new Map<string, Excerpt>();
  #failure: Excerpt | undefined;
  #running = false;
  #runner = false;
  #refuses = false;

  /** With -q, there is no line at the beginning. */
  get inside(): boolean {
    return this.#running || this.#failure !== undefined;
  }

  line(text: string): void {
    const sum = /^(?:=+ )?((?:\d+(?: [a-z]+)+(?:, )?)+|no tests ran) in [\d.]+s(?: \([\d:]+\))?(?: =+)?$/.exec(text);
    if (sum) this.#sum(sum[1] ?? '');
    else if (/^=+ test session starts =+$/.test(text)) this.#running = true;
    // the totals of plugins such as pytest-pretty
    else if (/^ *Results \([\d.]+s\):$/.test(text)) this.#running = false;
    else if (/^=+ (?:short test summary info|warnings summary.*) =+$/.test(text)) this.#failure = undefined;
    else if (/^_{2,} \S/.test(text)) this.#heading(text);
    else if (this.#failure) this.#failure.add(text);
    else this.#result(text);
  }

  end(): Findings {
    if (!this.#runner) return { tests: [], ...(this.#running && { unfinished: 'pytest' }) };
    for (const [key, test] of this.#tests) {
      const text = this.#failures.get(headingOf(key));
      if (test.status === 'passed' || !text) continue;
      test.message ??= /^E {2,3}(\S.*)$/m.exec(text.text)?.[1] ?? text.headline;
      test.details = text.text;
    }
    const tests = [...this.#tests.values()];
    return {
      tests,
      unnamed: unnamedOf(this.#totals, tests),
      runner: { name: 'pytest', refuses: this.#refuses },
    };
  }

  #sum(text: string): void {
    this.#failure = undefined;
    this.#running = false;
    this.#runner = true;
    this.#refuses = text === 'no tests ran';
    for (const part of text.split(', ')) {
      const [count, word = ''] = part.split(' ');
      const total = totalOf[word];
      if (total !== undefined) this.#totals[total] += Number(count);
    }
  }

  #heading(text: string): void {
    const title = text.replace(/^_+ /, '').replace(/ _+$/, '');
    this.#failure = new Excerpt();
    const name = title.replace(/^ERROR (?:at (?:setup|teardown) of|collecting) /, '');
    if (this.#failures.size < mostTests) this.#failures.set(name, this.#failure);
  }

  /** `path::name PASSED [ 12%]`, or in the summary `FAILED path::name - message` */
  #result(text: string): void {
    const [, word, path, why] = /^(FAILED|ERROR) (\S+\.py(?:::.*?)?)(?: - (.*))?$/.exec(text) ?? [];
    if (word !== undefined && path !== undefined) {
      this.#add(path, statusOf[word] ?? 'failed', why ?? null);
      return;
    }
    const end = / (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)(?: \(([^()]*)\))? *(?:\[ *\d+%\])?$/.exec(
      text.slice(-longestEnd),
    );
    if (!end || !/^\S+\.py::/.test(text)) return;
    const key = text.slice(0, text.length - (end[0]?.length ?? 0));
    this.#add(key, statusOf[end[1] ?? ''] ?? 'failed', end[2] ?? null);
  }

  #add(path: string, status: TestStatus, message: string | null): void {
    const [file = '', ...names] = path.trim().split('::');
    const name = names.pop() ?? '(file)';
    const known = this.#tests.get(path.trim());
    if (known) {
      if (message !== null) known.message = message;
    } else if (this.#tests.size < mostTests)
      this.#tests.set(path.trim(), { suite: [moduleOf(file), ...names].join('.'), name, file, status, message });
  }
}

/** Characters in which a line tells its result. */
const longestEnd = 500;

/** The module of a file, as pytest's own reports name it. */
function moduleOf(file: string): string {
  return file.replace(/\.py$/, '').replaceAll('/', '.');
}

/** How the heading of a failure names a test. */
function headingOf(path: string): string {
  const [file = '', ...names] = path.split('::');
  return names.length === 0 ? file : names.join('.');
}
