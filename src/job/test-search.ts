import { errorText } from '../kernel/errors.ts';
import type { JobTests } from '../kernel/model.ts';
import type { JobLog } from './log.ts';
import { TestCollection } from './reports/collection.ts';
import { type ReportPlace, readReports } from './reports/files.ts';
import { OutputTests } from './reports/output.ts';

/**
 * Looks for results of single tests in what a job prints and in the reports that it writes. What is found never changes
 * what a job comes to, and neither does anything that goes wrong on the way.
 */
export class TestSearch {
  /** where reports may be when the job has ended */
  readonly places: ReportPlace[] = [];
  readonly #output = new OutputTests();
  #broken: unknown;

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
   * @param root folder of the checkout
   * @param log is told what could not be read
   * @returns undefined where nothing was found
   */
  async end(root: string, log: JobLog): Promise<JobTests | undefined> {
    const tests = new TestCollection(root);
    const told: string[] = [];
    try {
      for (const place of this.places) await readReports(place, tests, (sentence) => told.push(sentence));
      // a report says more than what the same tests have printed
      if (tests.seen === 0 && this.#broken === undefined) this.#output.end(tests);
    } catch (error) {
      this.#broken = error;
    }
    for (const sentence of told.slice(0, mostTold)) await log.say(sentence);
    if (told.length > mostTold) await log.say(`and ${told.length - mostTold} more`);
    if (this.#broken !== undefined) await log.say(`not all results of tests could be read: ${errorText(this.#broken)}`);
    return tests.seen === 0 ? undefined : hidden(tests.end(), log);
  }
}

/** Sentences about reports that one log is given. */
const mostTold = 20;

/** Secrets may be in a report, too. */
function hidden({ summary, results }: JobTests, { masker }: JobLog): JobTests {
  const text = (value: string) => masker.text(value);
  return {
    summary,
    results: results.map((result) => ({
      ...result,
      suite: text(result.suite),
      name: text(result.name),
      file: result.file && text(result.file),
      message: result.message && text(result.message),
      details: result.details && text(result.details),
    })),
  };
}
