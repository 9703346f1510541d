import type { TestStatus } from '../../kernel/model.ts';
import { type FoundTest, mostTests } from './collection.ts';
import type { Findings, LineParser } from './lines.ts';

/** All other words are failures, such as `FAIL`, `ERROR` or `TIMEOUT`. */
const statusOf: { readonly [word: string]: TestStatus } = { OK: 'passed', EXPECTEDFAIL: 'passed', SKIP: 'skipped' };

/** The output of `meson test`. */
export class MesonParser implements LineParser {
  readonly begins = ['Ok: ', 'No tests'];
  readonly afterNumber = ['/'];
  readonly inside = false;
  readonly #tests: FoundTest[] = [];
  #runner = false;

  line(text: string): void {
    if (/^Ok: +\d+ *$|^No tests defined\.$/.test(text)) this.#runner = true;
    const begin = /^ *\d+\/\d+ (?=\S)/.exec(text)?.[0];
    const result = / ([A-Z]{2,}) +(\d+\.\d+)s(?: |$)/.exec(text);
    if (begin === undefined || !result || this.#tests.length >= mostTests) return;
    const [found, word = '', seconds] = result;
    const titles = text.slice(begin.length, result.index).trimEnd().split(' / ');
    const name = titles.pop() ?? '';
    const suite = titles.join(' / ');
    const status = statusOf[word] ?? 'failed';
    const message = status === 'passed' ? null : text.slice(result.index + found.length).trim() || word;
    this.#tests.push({ suite, name, status, duration: Number(seconds) * 1000, message });
  }

  end(): Findings {
    return this.#runner ? { tests: this.#tests, runner: { name: 'meson test' } } : { tests: [] };
  }
}
