import type { TestStatus } from '../../kernel/model.ts';
import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, hasTextAt, type LineParser, unnamedOf } from './lines.ts';

interface Failure {
  test: FoundTest;
  text: Excerpt;
  /** whether the line between title and text is behind us */
  ruled: boolean;
}

/** The output of Python's unittest with -v; without it, the failures and the number. */
export class UnittestParser implements LineParser {
  readonly begins = '=_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  readonly #tests: FoundTest[] = [];
  /** tests of this run, by name and class */
  #run = new Map<string, FoundTest>();
  /** how often a test of this run began: several times if modules import it from one another */
  #begun = new Map<string, number>();
  /** how often the first block of a test that failed was printed; each part of a test has a block of its own */
  #blocks = new Map<string, { title: string; times: number }>();
  #totals = { passed: 0, failed: 0, skipped: 0 };
  /** of the run that has ended just now, until it tells how many it skipped */
  #skipped: number | undefined;
  #isUnittest = false;
  /** since Python 3.12 */
  #refuses = false;
  /** the test whose result is still to come */
  #open: { suite: string; name: string } | undefined;
  #failure: Failure | undefined;
  #afterRule = false;

  get inside(): boolean {
    return this.#open !== undefined || this.#failure !== undefined || this.#afterRule;
  }

  glance(output: Buffer, from: number): boolean {
    if (hasTextAt('=', output, from) || hasTextAt('Ran ', output, from) || hasTextAt('NO TESTS', output, from))
      return true;
    let at = from;
    while (isOfName(output[at] as number)) at++;
    return hasTextAt(' (', output, at);
  }

  line(text: string): void {
    const count = /^Ran (\d+) tests? in [\d.]+s$/.exec(text);
    const skipped = /^(?:OK|FAILED) \((?:[a-z ]+=\d+, )*skipped=(\d+)/.exec(text);
    if (count) this.#close(Number(count[1]));
    else if (skipped && this.#skipped !== undefined) this.#skip(Number(skipped[1]), this.#skipped);
    else if (text === 'NO TESTS RAN') this.#refuses = true;
    else this.#other(text);
  }

  #other(text: string): void {
    if (/^={70}$/.test(text)) {
      this.#settle();
      this.#afterRule = true;
      return;
    }
    const failed = this.#afterRule ? /^(FAIL|ERROR): (.*)$/.exec(text) : null;
    this.#afterRule = false;
    if (failed) this.#begin(failed[1] === 'FAIL' ? 'failed' : 'error', failed[2] ?? '');
    else if (this.#failure) this.#explain(this.#failure, text);
    else this.#result(text);
  }

  #result(text: string): void {
    const [, name, suite, result] = /^([A-Za-z_]\w*) \(([\w.<>]+)\)(?: \.\.\. (.*))?$/.exec(text) ?? [];
    if (name !== undefined && suite !== undefined) {
      this.#open = { suite: classOf(name, suite), name };
      addOne(this.#begun, JSON.stringify(this.#open));
      if (result !== undefined) this.#finish(result);
    } else if (this.#open) this.#finish(/^.* \.\.\. (.*)$/.exec(text)?.[1] ?? text);
  }

  end(): Findings {
    if (!this.#isUnittest) return { tests: [] };
    const runner = { name: 'unittest', refuses: this.#refuses };
    return { tests: this.#tests, unnamed: unnamedOf(this.#totals, this.#tests), runner };
  }

  /** The result is alone on its line if the test has printed something. */
  #finish(result: string): void {
    const [, word = '', why] =
      /^(ok|FAIL|ERROR|skipped|expected failure|unexpected success)(?: '(.*)')?$/.exec(result) ?? [];
    const status = ({ ok: 'passed', FAIL: 'failed', ERROR: 'error', skipped: 'skipped' } as const)[word];
    if (!this.#open || word === '' || this.#run.size >= mostTests) return;
    const known: TestStatus = status ?? (word === 'expected failure' ? 'passed' : 'failed');
    const message = why ?? (status === undefined ? word : null);
    this.#run.set(JSON.stringify(this.#open), { ...this.#open, status: known, message });
    this.#open = undefined;
  }

  #begin(status: TestStatus, title: string): void {
    this.#open = undefined;
    const [, name = title, suite = ''] = /^(\w+) \(([\w.<>]+)\)/.exec(title) ?? [];
    const named = { suite: classOf(name, suite), name };
    const key = JSON.stringify(named);
    const test = this.#run.get(key) ?? { ...named, status };
    const block = this.#blocks.get(key);
    if (block?.title === title) block.times++;
    else if (block === undefined && this.#blocks.size < mostTests) this.#blocks.set(key, { title, times: 1 });
    // each failing part of a test has a block of its own
    if (test.status === 'passed' || test.status === 'skipped') test.status = status;
    if (this.#run.size < mostTests) this.#run.set(key, test);
    this.#failure = { test, text: new Excerpt(), ruled: false };
  }

  #explain(failure: Failure, text: string): void {
    if (!/^-{70}$/.test(text)) {
      if (failure.ruled) failure.text.add(text);
    } else if (failure.ruled) this.#settle();
    else failure.ruled = true;
  }

  #settle(): void {
    if (!this.#failure) return;
    const { test, text } = this.#failure;
    const lines = text.text.split('\n');
    // the exception is on the first line after the traceback that is not indented
    const said = lines.findLast((line) => /^[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Warning)?(:|$)/.test(line));
    test.message ??= said ?? text.headline;
    test.details ??= text.text;
    this.#failure = undefined;
  }

  #close(count: number): void {
    this.#settle();
    this.#isUnittest = true;
    const failed = [...this.#run]
      .filter(([, { status }]) => status === 'failed' || status === 'error')
      .map(([key]) => Math.max(Math.min(this.#begun.get(key) ?? 1, this.#blocks.get(key)?.times ?? 1), 1))
      .reduce((sum, times) => sum + times, 0);
    const skipped = [...this.#run.values()].filter(({ status }) => status === 'skipped').length;
    this.#totals.failed += failed;
    this.#totals.skipped += skipped;
    this.#totals.passed += Math.max(count - failed - skipped, 0);
    for (const test of this.#run.values()) if (this.#tests.length < mostTests) this.#tests.push(test);
    this.#run = new Map();
    this.#begun = new Map();
    this.#blocks = new Map();
    this.#skipped = skipped;
    this.#open = undefined;
  }

  /** Tests that printed something may have been skipped unseen. @param seen how many were */
  #skip(count: number, seen: number): void {
    const unseen = Math.min(Math.max(count - seen, 0), this.#totals.passed);
    this.#totals.passed -= unseen;
    this.#totals.skipped += unseen;
    this.#skipped = undefined;
  }
}

function addOne(counts: Map<string, number>, key: string): void {
  const known = counts.get(key) ?? 0;
  if (known > 0 || counts.size < mostTests) counts.set(key, known + 1);
}

/** The class. Since Python 3.11 the test's name follows it. */
function classOf(name: string, text: string): string {
  return text.endsWith(`.${name}`) ? text.slice(0, -name.length - 1) : text;
}

/** Whether a Python name may contain the character; only ASCII is considered. */
function isOfName(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}
