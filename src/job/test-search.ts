import { errorText } from '../kernel/errors.ts';
import type { JobTests } from '../kernel/model.ts';
import type { JobLog } from './log.ts';
import type { Masker } from './output/masker.ts';
import { TestCollection, type Totals } from './reports/collection.ts';
import { type ReadJson, type ReportGlobs, ReportReader } from './reports/files.ts';
import { OutputTests } from './reports/output.ts';
import type { JobTexts } from './texts/job-texts.ts';

/**
 * Looks for results of single tests in what a job prints and in the reports that it writes. What is found never changes
 * what a job comes to, and neither does anything that goes wrong on the way.
 */
export class TestSearch {
  /** where reports may be when the job has ended */
  readonly places: ReportGlobs[] = [];
  readonly #output = new OutputTests();
  readonly #root: string;
  readonly #tests: TestCollection;
  readonly #reports: ReportReader;
  #broken: unknown;

  /**
   * @param root folder of the checkout
   * @param masker hides secrets, which may be in reports, before a text is cut
   * @param readJson for reports
   * @param wanted globs below it, of reports that the repository's settings name
   */
  constructor(root: string, masker: Masker, readJson: ReadJson, wanted: readonly string[] = []) {
    this.#root = root;
    this.#tests = new TestCollection(root, (text) => masker.text(text));
    this.#reports = new ReportReader(this.#tests, readJson);
    if (wanted.length > 0) this.places.push({ folder: root, globs: wanted });
  }

  /** What the job prints; secrets are hidden in it already. */
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
   * @returns how many there were, what tests they hold, and a sentence about each that could not be read, in bounds
   */
  async take(globs: readonly string[]): Promise<{ reports: number; tests: Totals; told: string[] }> {
    const { passed, failed, skipped } = this.#tests.counts;
    const told: string[] = [];
    const reports = await this.#reports.read({ folder: this.#root, globs }, (sentence) => told.push(sentence));
    const now = this.#tests.counts;
    const tests = { passed: now.passed - passed, failed: now.failed - failed, skipped: now.skipped - skipped };
    return { reports, tests, told: shortened(told) };
  }

  /**
   * @param log is told what could not be read
   * @returns undefined where nothing was found
   */
  async end(log: JobLog): Promise<JobTests | undefined> {
    const tests = this.#tests;
    const told: string[] = [];
    try {
      for (const place of this.places) await this.#reports.read(place, (sentence) => told.push(sentence));
      // a report says more than what the same tests have printed
      if (tests.seen === 0 && this.#broken === undefined) await this.#output.end(tests);
    } catch (error) {
      this.#broken = error;
    }
    for (const sentence of shortened(told)) await log.say(sentence);
    if (this.#broken !== undefined) await log.say(`not all results of tests could be read: ${errorText(this.#broken)}`);
    return tests.seen === 0 ? undefined : tests.end();
  }
}

export function jsonReader(texts: JobTexts): ReadJson {
  return (text) => texts.work('report', text, 'it cannot be read');
}

/** Sentences about reports that are told at once. */
const mostTold = 20;

function shortened(told: readonly string[]): string[] {
  return told.length <= mostTold ? [...told] : [...told.slice(0, mostTold), `and ${told.length - mostTold} more`];
}
