import type { TestStatus } from '../../kernel/model.ts';
import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, hasTextAt, type LineParser, panicMessage, unnamedOf } from './lines.ts';

/** All other words are failures, such as `FAIL`, `SIGSEGV` or `TIMEOUT`. */
const statusOf: { readonly [word: string]: TestStatus } = { PASS: 'passed', SKIP: 'skipped', LEAK: 'passed' };

/** The output of `cargo nextest run`. */
export class NextestParser implements LineParser {
  readonly begins = ' e';
  readonly #tests = new Map<string, FoundTest>();
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  #runner = false;
  #refuses = false;
  #current: FoundTest | undefined;
  /** what a failed test printed, after a line such as `--- STDOUT: app tests::fails ---` */
  #text: Excerpt | undefined;

  get inside(): boolean {
    return this.#current !== undefined;
  }

  /** What a test printed has the format of `cargo test`. */
  get owns(): boolean {
    return this.#text !== undefined;
  }

  glance(output: Buffer, from: number): boolean {
    if (hasTextAt('error: no tests', output, from)) return true;
    let at = from;
    while (output[at] === 0x20) at++;
    return at > from && isUpper(output[at]);
  }

  line(text: string): void {
    const result = /^ +([A-Z]{2,}(?:-[A-Z]+)?)(?: \[[ >]*([\d.]+)s\])? (?:\([ \d/]+\) )?(\S+) (\S.*)$/.exec(text);
    const sum = /^ +Summary \[ *[\d.]+s\] (?:\d+\/)?(\d+) tests? run: (.*)$/.exec(text);
    const output = /^ *-{2,} (?:STDOUT|STDERR): +\S+ \S|^ *std(?:out|err) ─{3}/.test(text);
    if (sum) this.#sum(sum[2] ?? '');
    else if (/^error: no tests to run$/.test(text)) this.#refuses = true;
    else if (result && (result[2] !== undefined || this.#text === undefined)) this.#result(result);
    else if (output && this.#current) this.#text ??= new Excerpt();
    else if (/^ *─{12}$/.test(text)) this.#settle();
    else this.#text?.add(text.replace(/^ {4}/, ''));
  }

  end(): Findings {
    this.#settle();
    const runner = { name: 'cargo nextest', refuses: this.#refuses };
    if (!this.#runner) return { tests: [], ...(this.#refuses && { runner }) };
    const tests = [...this.#tests.values()];
    return { tests, unnamed: unnamedOf({ ...this.#totals, skipped: 0 }, tests), runner };
  }

  #result([, word = '', seconds, suite = '', name = '']: RegExpExecArray): void {
    this.#settle();
    if (seconds === undefined && word !== 'SKIP') return;
    if (word === 'SLOW' || word === 'TRY' || this.#tests.size >= mostTests) return;
    const status = statusOf[word] ?? 'failed';
    const duration = seconds === undefined ? null : Number(seconds) * 1000;
    // the list of failures at the end names them again
    const test = this.#tests.get(`${suite} ${name}`) ?? { suite, name, status, duration };
    this.#tests.set(`${suite} ${name}`, test);
    this.#current = status === 'failed' && !this.#runner ? test : undefined;
  }

  /** @param text such as `2 passed, 1 failed, 1 skipped`; skipped ones were left out by a filter or `#[ignore]` */
  #sum(text: string): void {
    this.#settle();
    this.#current = undefined;
    this.#runner = true;
    for (const part of text.split(', ')) {
      const [, count, word = ''] = /^(\d+) (\w+)/.exec(part) ?? [];
      if (word === 'passed') this.#totals.passed += Number(count);
      else if (/^(?:failed|timed|exec)/.test(word)) this.#totals.failed += Number(count);
    }
  }

  #settle(): void {
    if (this.#text && this.#current) {
      const { text } = this.#text;
      this.#current.message ??= panicMessage(text) ?? null;
      this.#current.details ??= text;
    }
    this.#text = undefined;
  }
}

function isUpper(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a;
}
