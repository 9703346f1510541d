import type { TestStatus } from '../../kernel/model.ts';
import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, type LineParser, panicMessage } from './lines.ts';

const statusOf: { readonly [word: string]: TestStatus } = { ok: 'passed', FAILED: 'failed', ignored: 'skipped' };

/** What `cargo test` prints. */
export class CargoParser implements LineParser {
  readonly begins = [' ', 'test ', 'running ', '-', 'f'];
  readonly #tests: FoundTest[] = [];
  /** tests of the file that runs now */
  #run = new Map<string, FoundTest>();
  #suite = '';
  #isCargo = false;
  /** programs that said how many tests they run, and not yet how these ended */
  #open = 0;
  #current: { test: FoundTest; text: Excerpt } | undefined;

  get inside(): boolean {
    return this.#current !== undefined;
  }

  line(text: string): void {
    const [, file, documented] = /^ +(?:Running (?:unittests )?(\S+)(?: \(.*\))?|Doc-tests (\S+))$/.exec(text) ?? [];
    if (file !== undefined || documented !== undefined) {
      this.#suite = file ?? `${documented} (documentation)`;
      return;
    }
    if (/^running \d+ tests?$/.test(text)) {
      this.#open++;
      return;
    }
    if (/^test result: (ok|FAILED)\. \d+ passed; /.test(text)) {
      this.#isCargo = true;
      // a test may itself run another such program
      this.#open = Math.max(this.#open - 1, 0);
      this.#settle();
      for (const test of this.#run.values()) if (this.#tests.length < mostTests) this.#tests.push(test);
      this.#run = new Map();
      return;
    }
    const result = /^test (.+?) \.\.\. (ok|FAILED|ignored)(?:, (.*?))?(?: <([\d.]+)s>)?$/.exec(text);
    if (result) {
      const [, name = '', word = '', why, seconds] = result;
      if (this.#run.size >= mostTests) return;
      this.#run.set(name, {
        suite: this.#suite,
        name: name.replace(/ - should panic$/, ''),
        status: statusOf[word] ?? 'failed',
        message: why ?? null,
        duration: seconds === undefined ? null : Number(seconds) * 1000,
      });
      return;
    }
    const begin = /^---- (.+) stdout ----$/.exec(text);
    if (begin) {
      this.#settle();
      const test = this.#run.get(begin[1] ?? '');
      if (test) this.#current = { test, text: new Excerpt() };
    } else if (text === 'failures:') this.#settle();
    else this.#current?.text.add(text);
  }

  end(): Findings {
    const name = 'cargo test';
    const unfinished = this.#open > 0 ? { unfinished: name } : {};
    return this.#isCargo ? { tests: this.#tests, runner: { name }, ...unfinished } : { tests: [], ...unfinished };
  }

  #settle(): void {
    if (!this.#current) return;
    const { test, text } = this.#current;
    test.message = panicMessage(text.text) || text.headline;
    test.details = text.text;
    this.#current = undefined;
  }
}
