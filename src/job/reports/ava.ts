import { type FoundTest, mostTests } from './collection.ts';
import { type Findings, type LineParser, suiteOf } from './lines.ts';
import { PrintedTests } from './printed-tests.ts';

/** The output of AVA's default reporter. */
export class AvaParser implements LineParser {
  readonly begins = ' ';
  readonly #tests = new PrintedTests();
  /** failed tests by what their line tells: the title, which the message follows */
  readonly #failed = new Map<string, FoundTest>();
  /** What AVA 4 prints of a failed test: its title and the message. It prints complaints of its own the same way. */
  readonly #marked = new Set<string>();
  /** the test that is described */
  #test: FoundTest | undefined;

  get inside(): boolean {
    return this.#tests.failing;
  }

  glance(output: Buffer, from: number): boolean {
    return output[from + 1] === 0x20 && output[from + 2] !== 0x20;
  }

  line(text: string): void {
    const [, mark, title = ''] = /^ {2}(✔|✘ \[fail\]:|- \[skip\]|- \[todo\]|✘|✖|-) (\S.*)$/.exec(text) ?? [];
    // in the description of a failure, it is a line of a difference
    const isResult = mark !== undefined && !(mark === '-' && this.#tests.failing);
    const [, count, what] = /^ {2}(\d+) tests? (passed|failed|skipped|todo)$/.exec(text) ?? [];
    const [, errors] = /^ {2}(\d+) (?:uncaught exception|unhandled rejection)s?$/.exec(text) ?? [];
    if (what !== undefined) this.#tests.count([`${count} ${what}`]);
    else if (errors !== undefined) this.#tests.count([`${errors} failed`]);
    else if (mark === '✘' || mark === '✖') this.#complain(title.trimEnd());
    else if (isResult) this.#result(mark, title);
    else if (/^ {2}\S/.test(text)) this.#section(text.trim());
    else if (this.#tests.failing && !this.#isSource(text)) this.#tests.line(text.replace(/^ {2}/, ''));
  }

  end(): Findings {
    return this.#tests.findings('AVA');
  }

  #complain(text: string): void {
    if (/^Couldn.t find any files to test$|^No tests found in /.test(text)) this.#tests.findNone(true);
    else if (this.#marked.size < mostTests) this.#marked.add(text);
  }

  #result(mark: string, text: string): void {
    const [, title = text, time] = /^(.*?)(?: \(([\d.]+m?s)\))?$/.exec(text) ?? [];
    const status = mark === '✔' ? 'passed' : mark.startsWith('✘') ? 'failed' : 'skipped';
    const duration = time === undefined ? null : Number.parseFloat(time) * (time.endsWith('ms') ? 1 : 1000);
    const test = this.#tests.add(null, title.split(' › '), { status, duration });
    if (test && status === 'failed') this.#failed.set(title, test);
  }

  /** What is not a title belongs to the test before it. */
  #section(title: string): void {
    for (const told of this.#marked) {
      if (told !== title && !told.startsWith(`${title} `)) continue;
      this.#marked.delete(told);
      this.#result('✘', title);
    }
    for (const [told, test] of this.#failed) {
      if (told !== title && !told.startsWith(`${title} `)) continue;
      this.#failed.delete(told);
      const titles = title.split(' › ');
      test.suite = suiteOf(titles.slice(0, -1));
      test.name = titles.at(-1) ?? '';
      this.#test = test;
      this.#tests.describeFailure(test);
      return;
    }
    const file = /^(\S+):\d+$/.exec(title)?.[1];
    if (file !== undefined && this.#test) this.#test.file ??= file;
    else if (this.#tests.failing) this.#tests.line(title);
  }

  /** Whether it is a numbered line of the test itself. */
  #isSource(text: string): boolean {
    return /^ {2} +\d+: /.test(text);
  }
}
