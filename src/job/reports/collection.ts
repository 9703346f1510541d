import { setImmediate } from 'node:timers/promises';
import type { JobTests, TestResult } from '../../kernel/model.ts';

/** One test in a report; what is absent is unknown. */
export type FoundTest = Pick<TestResult, 'suite' | 'name' | 'status'> & Partial<TestResult>;

/** Numbers of tests. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** Characters of each field of a result. */
const longest = { suite: 500, name: 500, file: 500, message: 2000, details: 10_000 };
/** Tests of one attempt that are stored. */
export const mostTests = 20_000;
/** Number of them that is reserved for tests that did not pass. */
const reserved = 2000;
/** Characters of all messages and details of one attempt together. */
const mostText = 4_000_000;

/** The results of one job's tests, up to limits; tests beyond them are only counted. */
export class TestCollection {
  readonly #root: string;
  readonly #results: TestResult[] = [];
  readonly #counts: Totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #hide: (text: string) => string;
  #text = 0;

  /**
   * @param root folder of the checkout; files in it are named by their path below it
   * @param hide masks secrets in a text
   */
  constructor(root: string, hide: (text: string) => string = (text) => text) {
    this.#root = `${root}/`;
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
    const fine = status === 'passed' || status === 'skipped';
    if (this.#results.length >= (fine ? mostTests - reserved : mostTests)) return;
    const inside = (path: string) => (path.startsWith(this.#root) ? path.slice(this.#root.length) : path);
    const named = { ...found, suite: inside(found.suite), file: found.file ? inside(found.file) : null };
    const result = bounded(named, this.#hide);
    this.#text += (result.message?.length ?? 0) + (result.details?.length ?? 0);
    this.#results.push(this.#text > mostText ? { ...result, message: null, details: null } : result);
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

/** Results that are added before other work runs. */
const atOnce = 500;

export async function addAll(found: readonly FoundTest[], tests: TestCollection): Promise<void> {
  for (const [index, test] of found.entries()) {
    tests.add(test);
    if (index % atOnce === atOnce - 1) await setImmediate();
  }
}

function bounded(
  { suite, name, file, status, duration, message, details }: FoundTest,
  hide: (text: string) => string,
): TestResult {
  const cut = (text: string, most: number) => shortened(hide(text), most);
  return {
    suite: cut(suite, longest.suite),
    name: cut(name.trim() || '(no name)', longest.name),
    file: file ? cut(file, longest.file) : null,
    status,
    duration:
      typeof duration === 'number' && duration >= 0 && duration < 1e10 ? Math.round(duration * 1000) / 1000 : null,
    message: message ? cut(message.trim(), longest.message) : null,
    details: details ? cut(details.trimEnd(), longest.details) : null,
  };
}

/** Removes colours and other control characters, and cuts a text. */
function shortened(text: string, most: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  const plain = text.slice(0, 2 * most).replace(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
  return plain.length <= most ? plain : `${plain.slice(0, most - 1)}…`;
}
