import type { TestStatus } from '../../kernel/model.ts';
import type { FoundTest } from './collection.ts';
import { type Attributes, longestText, XmlReport } from './xml.ts';

/** All other outcomes are failures, such as `Failed`, `Timeout` or `Aborted`. */
const statusOf: { readonly [outcome: string]: TestStatus } = {
  Passed: 'passed',
  PassedButRunAborted: 'passed',
  Completed: 'passed',
  NotExecuted: 'skipped',
  Inconclusive: 'skipped',
  Pending: 'skipped',
};

/** A report of `dotnet test --logger trx`. */
export class TrxParser extends XmlReport {
  readonly #byId = new Map<string, FoundTest[]>();
  /** class of each definition, by the id of the test */
  readonly #classes = new Map<string, string>();
  #definition: string | undefined;
  #test: FoundTest | undefined;
  #isReport = false;

  override end(): void {
    super.end();
    if (!this.#isReport) throw new Error('it has no <TestRun>');
    for (const [id, suite] of this.#classes) {
      for (const test of this.#byId.get(id) ?? []) {
        test.suite = suite;
        if (test.name.startsWith(`${suite}.`)) test.name = test.name.slice(suite.length + 1);
      }
    }
  }

  protected begin(name: string, attributes: Attributes): void {
    if (name === 'TestRun') this.#isReport = true;
    else if (name === 'UnitTestResult') this.#test = this.#testOf(attributes);
    else if (name === 'UnitTest') this.#definition = attributes.id;
    else if (name === 'TestMethod' && this.#definition !== undefined && attributes.className)
      this.#classes.set(this.#definition, attributes.className.split(',', 1)[0] ?? '');
  }

  #testOf({ testId, testName, outcome = 'Failed', duration = '' }: Attributes): FoundTest {
    const time = /^(\d+):(\d+):([\d.]+)$/.exec(duration);
    const test: FoundTest = { suite: '', name: testName ?? '', status: statusOf[outcome] ?? 'failed' };
    if (time) test.duration = (Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3])) * 1000;
    if (testId !== undefined) {
      const same = this.#byId.get(testId);
      if (same) same.push(test);
      else this.#byId.set(testId, [test]);
    }
    this.tests.push(test);
    return test;
  }

  protected finish(name: string): void {
    const text = this.text.trim();
    if (this.#test && name === 'Message') this.#test.message = text.split('\n', 1)[0] || null;
    if (this.#test && (name === 'Message' || name === 'StackTrace') && text !== '')
      this.#test.details = [this.#test.details, text].filter(Boolean).join('\n\n').slice(0, longestText);
    if (name === 'UnitTestResult') this.#test = undefined;
    if (name === 'UnitTest') this.#definition = undefined;
  }
}
