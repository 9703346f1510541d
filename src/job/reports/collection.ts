import { setImmediate } from 'node:timers/promises';
import type { JobTests, TestResult, TestStatus } from '../../kernel/model.ts';
import { CheckoutFiles } from './checkout-files.ts';
import { expectationIn } from './find-expectation.ts';

/** One test in a report; what is absent is unknown. */
export type FoundTest = Pick<TestResult, 'suite' | 'name' | 'status'> & Partial<TestResult>;

/** Numbers of tests. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** Characters of each field of a result. */
const longest = { suite: 500, name: 500, file: 500, message: 2000, details: 10_000, value: 5000 };
/** Tests of one attempt that are stored. */
export const mostTests = 20_000;
/** Number of them that is reserved for tests that did not pass. */
const reserved = 2000;
/** Characters of all messages, details and values of one attempt together. */
const mostText = 4_000_000;
/** Failed tests of one attempt whose details are searched for values and for lines of the checkout. */
const mostSearched = 500;

/** The results of one job's tests, up to limits; tests beyond them are only counted. */
export class TestCollection {
  readonly #files: CheckoutFiles;
  readonly #results: TestResult[] = [];
  readonly #counts: Totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #hide: (text: string) => string;
  #text = 0;
  #searched = 0;

  /**
   * @param root folder of the checkout; files in it are named by their path below it
   * @param hide masks secrets in a text
   */
  constructor(root: string, hide: (text: string) => string = (text) => text) {
    this.#files = new CheckoutFiles(root);
    this.#hide = hide;
  }

  /** number of tests so far */
  get seen(): number {
    const { passed, failed, skipped } = this.#counts;
    return passed + failed + skipped;
  }

  /** totals so far */
  get counts(): Readonly<Totals> {
    return { ...this.#counts };
  }

  add(found: FoundTest): void {
    const { status } = found;
    this.#counts[status === 'error' ? 'failed' : status]++;
    const fine = !isFailed(status);
    if (this.#results.length >= (fine ? mostTests - reserved : mostTests)) return;
    const named = namedInside(found, this.#files, this.#hide);
    const searched = fine || this.#searched >= mostSearched ? named : this.#explained(named);
    const result = bounded(searched, this.#hide);
    const { message, details, expected, actual } = result;
    this.#text += [message, details, expected, actual].reduce((sum, text) => sum + (text?.length ?? 0), 0);
    this.#results.push(this.#text > mostText ? { ...result, ...nothingSaid } : result);
  }

  /** Finds in the text about a failure what its report does not tell by itself. */
  #explained(test: FoundTest): FoundTest {
    this.#searched++;
    const text = plain(test.details ?? test.message ?? '', longest.details);
    const values = test.expected && test.actual ? {} : expectationIn(text);
    return { ...test, ...values, stack: this.#files.stackIn(text, test.suite) };
  }

  /** Counts tests without names. */
  addUnnamed({ passed, failed, skipped }: Totals): void {
    this.#counts.passed += passed;
    this.#counts.failed += failed;
    this.#counts.skipped += skipped;
  }

  end(): JobTests {
    const { passed, failed, skipped } = this.#counts;
    return {
      summary: { passed, failed, skipped, total: this.seen, listed: this.#results.length },
      results: this.#results,
    };
  }
}

/** Results that are added before other work runs; a failed one takes as long as many others. */
const atOnce = 500;
const failedTakes = 100;

export async function addAll(found: readonly FoundTest[], tests: TestCollection): Promise<void> {
  let added = 0;
  for (const test of found) {
    tests.add(test);
    added += isFailed(test.status) ? failedTakes : 1;
    if (added < atOnce) continue;
    added = 0;
    await setImmediate();
  }
}

const nothingSaid = { message: null, details: null, expected: null, actual: null, stack: [] };

function isFailed(status: TestStatus): boolean {
  return status === 'failed' || status === 'error';
}

/**
 * A test whose texts name files of the checkout by their path in it. Of long texts, the end is cut. Secrets are masked already here,
 * since lines and values that are cut out of a text may have only a part of one, which nobody would know.
 */
function namedInside(test: FoundTest, files: CheckoutFiles, hide: (text: string) => string): FoundTest {
  const inside = (text: string | null | undefined, most: number) =>
    text ? files.namedInside(hide(text).slice(0, 2 * most)) : null;
  return {
    ...test,
    suite: inside(test.suite, longest.suite) ?? '',
    file: inside(test.file, longest.file),
    message: inside(test.message, longest.message),
    details: inside(test.details, longest.details),
    expected: inside(test.expected, longest.value),
    actual: inside(test.actual, longest.value),
  };
}

function bounded(test: FoundTest, hide: (text: string) => string): TestResult {
  const { suite, name, file, status, duration, message, details, expected, actual, stack = [] } = test;
  const cut = (text: string, most: number) => shortened(hide(text), most);
  const isCompared = typeof expected === 'string' && typeof actual === 'string';
  return {
    suite: cut(suite, longest.suite),
    name: cut(name.trim() || '(no name)', longest.name),
    file: file ? cut(file, longest.file) : null,
    status,
    duration:
      typeof duration === 'number' && duration >= 0 && duration < 1e10 ? Math.round(duration * 1000) / 1000 : null,
    message: message ? cut(message.trim(), longest.message) : null,
    details: details ? cut(details.trimEnd(), longest.details) : null,
    expected: isCompared ? cut(expected, longest.value) : null,
    actual: isCompared ? cut(actual, longest.value) : null,
    stack: stack.map((line) => ({ ...line, text: cut(line.text, longest.name), file: cut(line.file, longest.file) })),
  };
}

/** Cuts a text without colours. */
function shortened(text: string, most: number): string {
  const shown = plain(text, most);
  return shown.length <= most ? shown : `${shown.slice(0, most - 1)}…`;
}

/** Removes colours and other control characters; of a long text, the end is cut. */
function plain(text: string, most: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.slice(0, 2 * most).replace(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}
