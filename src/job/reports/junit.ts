import type { TestStatus } from '../../kernel/model.ts';
import type { FoundTest } from './collection.ts';
import { suiteOf } from './lines.ts';
import { type Attributes, XmlReport } from './xml.ts';

const statusOf: { readonly [element: string]: TestStatus } = {
  failure: 'failed',
  error: 'error',
  skipped: 'skipped',
};

/** A JUnit report as written by Ant, Surefire, Gradle, pytest, Jest, Vitest, Mocha and others. */
export class JUnitParser extends XmlReport {
  readonly #suites: { name: string; file: string | undefined }[] = [];
  #test: FoundTest | undefined;
  /** class of the error of the test, which says little by itself */
  #type: string | undefined;
  #isReport = false;

  override end(): void {
    super.end();
    if (!this.#isReport) throw new Error('it is XML but not a JUnit report: it has no <testsuite>');
  }

  protected begin(name: string, attributes: Attributes): void {
    if (name === 'testsuite' || name === 'testsuites') {
      this.#isReport = true;
      if (name === 'testsuite') this.#suites.push({ name: attributes.name ?? '', file: attributes.file });
    } else if (name === 'testcase') this.#test = this.#testOf(attributes);
    else if (this.#test && this.open.at(-2) === 'testcase') this.#judge(this.#test, name, attributes);
  }

  #testOf(attributes: Attributes): FoundTest {
    const seconds = Number.parseFloat((attributes.time ?? '').replaceAll(',', ''));
    const file = attributes.file ?? this.#suites.at(-1)?.file;
    return {
      suite: attributes.classname || suiteOf(this.#suites.map(({ name }) => name)),
      name: attributes.name ?? '',
      // CTest writes no element for a test that is left out
      status: attributes.status === 'disabled' ? 'skipped' : 'passed',
      ...(file !== undefined && { file }),
      ...(Number.isFinite(seconds) && { duration: seconds * 1000 }),
    };
  }

  #judge(test: FoundTest, element: string, { message, type }: Attributes): void {
    const status = statusOf[element];
    // a test may both fail and have an error, for example in its teardown; the first counts
    if (!status || test.status !== 'passed') return;
    test.status = status;
    test.message = message || null;
    this.#type = type;
  }

  protected finish(name: string): void {
    const test = this.#test;
    if (test && this.open.at(-2) === 'testcase' && statusOf[name] && !test.details && this.text.trim() !== '') {
      test.details = this.text.replace(/^\n+/, '');
      test.message ??= headline(test) ?? null;
    }
    if (name === 'testsuite') this.#suites.pop();
    if (name === 'testcase' && test) {
      if (test.status !== 'passed') test.message ??= this.#type || null;
      this.#type = undefined;
      this.tests.push(test);
      this.#test = undefined;
    }
  }
}

/** The first line about a failure that says more than which test it is of, as PHPUnit does at first. */
function headline({ name, details }: FoundTest): string | undefined {
  const lines = details?.trim().split('\n', 2) ?? [];
  return lines[0]?.endsWith(`::${name}`) ? lines[1] : lines[0];
}
