import type { TestStatus } from '../../kernel/model.ts';
import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, type LineParser } from './lines.ts';

const statusOf: { readonly [word: string]: TestStatus } = {
  PASS: 'passed',
  FAIL: 'failed',
  SKIP: 'skipped',
  pass: 'passed',
  fail: 'failed',
  skip: 'skipped',
};

/** The output of `go test`, with or without -v; packages that Go tests in parallel are printed one after another. */
export class GoTextParser implements LineParser {
  readonly begins = '= -oF?';
  readonly #tests: FoundTest[] = [];
  /** tests of the package, whose own line is still to come */
  #pending = new Map<string, FoundTest>();
  readonly #texts = new Map<FoundTest, Excerpt>();
  /** the test to which the next lines belong */
  #current: string | undefined;
  #other = new Excerpt();
  #isGo = false;
  /** without -v, a package that passed names no test and tells no number */
  #namesAll = true;

  get inside(): boolean {
    return this.#current !== undefined || !this.#other.full;
  }

  line(text: string): void {
    const run = /^=== (?:RUN|CONT|NAME) +(\S+)/.exec(text);
    if (run?.[1] !== undefined) {
      this.#current = run[1];
      // a test without an end was stopped by another one's panic, or by the timeout
      if (!this.#pending.has(run[1])) this.#add(run[1], 'error');
      return;
    }
    if (/^=== PAUSE /.test(text)) return;
    const end = /^ *--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+)s\)$/.exec(text);
    const [, word, name] = end ?? [];
    if (end && word !== undefined && name !== undefined) {
      const test = this.#pending.get(name) ?? this.#add(name, 'passed');
      if (test) {
        test.status = statusOf[word] ?? 'passed';
        test.duration = Number(end[3]) * 1000;
      }
      this.#current = name;
      return;
    }
    const [, verdict, path, why] = /^(ok {2}|FAIL|\? {3})\t(\S+)(?:\s+(.*))?$/.exec(text) ?? [];
    if (verdict !== undefined && path !== undefined) this.#package(verdict === 'FAIL', path, why ?? '');
    else if (this.#current === undefined) this.#other.add(text);
    else this.#tell(text);
  }

  end(): Findings {
    return this.#isGo ? { tests: this.#tests, ...(this.#namesAll && { runner: { name: 'go test' } }) } : { tests: [] };
  }

  #add(name: string, status: TestStatus): FoundTest | undefined {
    if (this.#pending.size + this.#tests.length >= mostTests) return undefined;
    const test: FoundTest = { suite: '', name, status };
    this.#pending.set(name, test);
    return test;
  }

  #tell(text: string): void {
    const test = this.#pending.get(this.#current ?? '');
    if (!test || /^(PASS|FAIL|exit status \d+)$/.test(text)) return;
    const excerpt = this.#texts.get(test) ?? new Excerpt();
    this.#texts.set(test, excerpt);
    excerpt.add(text);
  }

  #package(failed: boolean, path: string, why: string): void {
    this.#isGo = true;
    if (!failed && this.#pending.size === 0 && !/\[no test(?: files|s to run)\]/.test(why)) this.#namesAll = false;
    if (failed && this.#pending.size === 0) {
      const name = /^\[.*\]$/.test(why) ? why : '(package)';
      this.#tests.push({
        suite: path,
        name,
        status: 'error',
        details: this.#other.text,
        message: 'it could not run',
      });
    }
    for (const test of this.#pending.values()) {
      const excerpt = this.#texts.get(test);
      const text = test.status === 'passed' ? undefined : excerpt;
      this.#tests.push({ ...test, suite: path, message: text?.headline ?? null, details: text?.text ?? null });
    }
    this.#pending = new Map();
    this.#texts.clear();
    this.#current = undefined;
    this.#other = new Excerpt();
  }
}

/** The output of `go test -json`: one event a line. Source: `go doc test2json`. */
export class GoJsonParser implements LineParser {
  readonly begins = '{';
  readonly inside = false;
  readonly #tests: FoundTest[] = [];
  readonly #texts = new Map<string, Excerpt>();
  #isGo = false;

  line(text: string): void {
    if (!/^\{".*"Action":"/.test(text)) return;
    const event = eventOf(text);
    const { Action: action, Package: suite, Test: name, Elapsed: seconds, Output: output } = event;
    if (typeof action !== 'string' || typeof suite !== 'string') return;
    const key = JSON.stringify([suite, name]);
    if (action === 'output' && typeof output === 'string') {
      if (/^(=== |\s*--- )/.test(output) || this.#texts.size > mostTests) return;
      const excerpt = this.#texts.get(key) ?? new Excerpt();
      this.#texts.set(key, excerpt);
      excerpt.add(output.replace(/\n$/, ''));
      return;
    }
    const status = statusOf[action];
    if (status === undefined) return;
    const excerpt = status === 'passed' ? undefined : this.#texts.get(key);
    this.#texts.delete(key);
    if (name === undefined) this.#isGo = true;
    if (typeof name !== 'string' || this.#tests.length >= mostTests) return;
    const duration = typeof seconds === 'number' ? seconds * 1000 : null;
    this.#tests.push({
      suite,
      name,
      status,
      duration,
      message: excerpt?.headline ?? null,
      details: excerpt?.text ?? null,
    });
  }

  end(): Findings {
    return { tests: this.#tests, ...(this.#isGo && { runner: { name: 'go test' } }) };
  }
}

function eventOf(line: string): { [key: string]: unknown } {
  try {
    return JSON.parse(line) as { [key: string]: unknown };
  } catch {
    return {};
  }
}
