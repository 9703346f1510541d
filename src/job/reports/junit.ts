import type { TestStatus } from '../../kernel/model.ts';
import type { FoundTest } from './collection.ts';
import { suiteOf } from './lines.ts';
import { deepest, longestText, xmlParser } from './xml.ts';

const statusOf: { readonly [element: string]: TestStatus } = {
  failure: 'failed',
  error: 'error',
  skipped: 'skipped',
};

/**
 * Parses a JUnit report as written by Ant, Surefire, Gradle, pytest, Jest, Vitest, Mocha and others. Entities that the
 * document defines are never expanded.
 */
export class JUnitParser {
  readonly tests: FoundTest[] = [];
  readonly #parser = xmlParser({
    begin: (name, attributes) => this.#begin(name, attributes),
    end: (name) => this.#end(name),
    text: (piece) => {
      if (this.#text.length < longestText) this.#text += piece.slice(0, longestText);
    },
  });
  readonly #suites: { name: string; file: string | undefined }[] = [];
  readonly #open: string[] = [];
  #test: FoundTest | undefined;
  #text = '';
  #isReport = false;

  /** @throws Error if it is not well-formed */
  write(chunk: string): void {
    this.#parser.write(chunk);
  }

  /** @throws Error if it is not complete or not a test report */
  end(): void {
    this.#parser.close();
    if (!this.#isReport) throw new Error('it is XML but not a JUnit report: it has no <testsuite>');
  }

  #begin(name: string, attributes: { [name: string]: string }): void {
    this.#open.push(name);
    if (this.#open.length > deepest) throw new Error('its elements are nested too deeply');
    this.#text = '';
    if (name === 'testsuite' || name === 'testsuites') {
      this.#isReport = true;
      if (name === 'testsuite') this.#suites.push({ name: attributes.name ?? '', file: attributes.file });
    } else if (name === 'testcase') this.#test = this.#testOf(attributes);
    else if (this.#test && this.#open.at(-2) === 'testcase') this.#judge(this.#test, name, attributes);
  }

  #testOf(attributes: { [name: string]: string }): FoundTest {
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

  #judge(test: FoundTest, element: string, { message, type }: { [name: string]: string }): void {
    const status = statusOf[element];
    // a test may both fail and have an error, for example in its teardown; the first counts
    if (!status || test.status !== 'passed') return;
    test.status = status;
    test.message = message || type || null;
  }

  #end(name: string): void {
    const test = this.#test;
    if (test && this.#open.at(-2) === 'testcase' && statusOf[name] && !test.details && this.#text.trim() !== '') {
      test.details = this.#text.replace(/^\n+/, '');
      test.message ??= test.details.trim().split('\n', 1)[0] ?? null;
    }
    if (name === 'testsuite') this.#suites.pop();
    if (name === 'testcase' && test) {
      this.tests.push(test);
      this.#test = undefined;
    }
    this.#open.pop();
    this.#text = '';
  }
}
