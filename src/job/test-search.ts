import { errorText } from '../kernel/errors.ts';
import type { JobTests } from '../kernel/model.ts';
import type { JobLog } from './log.ts';
import type { Masker } from './output/masker.ts';
import { TestCollection, type Totals } from './reports/collection.ts';
import { type ReadJson, type ReportGlobs, ReportReader } from './reports/files.ts';
import type { Runner } from './reports/lines.ts';
import { OutputTests } from './reports/output.ts';
import type { JobTexts } from './texts/job-texts.ts';

/**
 * Finds the results of single tests in what a job prints and in its report files. Errors here never
 * change the outcome of the job.
 */
export class TestSearch {
  /** where to look for reports when the job has ended */
  readonly globs: ReportGlobs[] = [];
  readonly #output = new OutputTests();
  readonly #root: string;
  readonly #tests: TestCollection;
  readonly #reports: ReportReader;
  #printed: Runner[] = [];
  #unfinished: string[] = [];
  #broken: unknown;

  /**
   * @param root folder of the checkout
   * @param masker masks secrets in reports before a text is cut
   * @param readJson parses reports
   * @param wanted globs below the root, of reports that the repository's settings name
   */
  constructor(root: string, masker: Masker, readJson: ReadJson, wanted: readonly string[] = []) {
    this.#root = root;
    this.#tests = new TestCollection(root, (text) => masker.text(text));
    this.#reports = new ReportReader(this.#tests, readJson);
    if (wanted.length > 0) this.globs.push({ folder: root, globs: wanted });
  }

  /** The runners that have told how many tests there were, even if that was zero; complete when the search has ended. */
  get runners(): readonly Runner[] {
    return [...this.#reports.runners, ...this.#printed];
  }

  /** The runners that have begun and told no number; complete when the search has ended. */
  get unfinished(): readonly string[] {
    return this.isWhole ? this.#unfinished : [];
  }

  /** Whether all output and all reports were read; known when the search has ended. */
  get isWhole(): boolean {
    return this.#broken === undefined && this.#reports.isWhole && !this.#output.isCut;
  }

  /** Leaves out the reports that the commit brings along, as far as they are still the same in the end. */
  async begin(): Promise<void> {
    try {
      for (const globs of this.globs) await this.#reports.leaveOut(globs);
    } catch (error) {
      this.#broken = error;
    }
  }

  /** Takes what the job prints, with secrets masked. */
  push(chunk: Buffer): void {
    if (this.#broken !== undefined) return;
    try {
      this.#output.push(chunk);
    } catch (error) {
      this.#broken = error;
    }
  }

  /**
   * Reads reports of the checkout as they are now.
   * @returns how many there were, the totals of their tests, and a sentence about each that could not be read, up to a
   * limit
   */
  async take(globs: readonly string[]): Promise<{ reports: number; tests: Totals; problems: string[] }> {
    const { passed, failed, skipped } = this.#tests.counts;
    const problems: string[] = [];
    const reports = await this.#reports.read({ folder: this.#root, globs }, (sentence) => problems.push(sentence));
    const now = this.#tests.counts;
    const tests = { passed: now.passed - passed, failed: now.failed - failed, skipped: now.skipped - skipped };
    return { reports, tests, problems: shortened(problems) };
  }

  /**
   * @param log takes a sentence about each report that could not be read
   * @returns undefined if there are no results
   */
  async end(log: JobLog): Promise<JobTests | undefined> {
    const tests = this.#tests;
    const problems: string[] = [];
    try {
      for (const globs of this.globs) await this.#reports.read(globs, (sentence) => problems.push(sentence));
      // a report has more details than what the same tests have printed
      if (tests.seen === 0 && this.#broken === undefined)
        ({ runners: this.#printed, unfinished: this.#unfinished } = await this.#output.end(tests));
    } catch (error) {
      this.#broken = error;
    }
    for (const sentence of shortened(problems)) await log.say(sentence);
    if (this.#broken !== undefined) await log.say(`could not read all test results: ${errorText(this.#broken)}`);
    return tests.seen === 0 ? undefined : tests.end();
  }
}

export function jsonReader(texts: JobTexts): ReadJson {
  return (text) => texts.work('report', text, 'it cannot be read');
}

/** Sentences about reports that are logged at once. */
const mostProblems = 20;

function shortened(problems: readonly string[]): string[] {
  return problems.length <= mostProblems
    ? [...problems]
    : [...problems.slice(0, mostProblems), `and ${problems.length - mostProblems} more`];
}
