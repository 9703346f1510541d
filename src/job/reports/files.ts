import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { errorText } from '../../kernel/errors.ts';
import { StepFault } from '../fault.ts';
import { readInside, statInside } from '../files/inside.ts';
import { walkInside } from '../files/walk.ts';
import { expandBraces } from '../globs/braces.ts';
import { Glob } from '../globs/glob.ts';
import { SearchBudget } from '../globs/search-budget.ts';
import { addAll, type FoundTest, type TestCollection } from './collection.ts';
import { JUnitParser } from './junit.ts';
import type { Runner } from './lines.ts';
import { OutputTests } from './output.ts';
import { TrxParser } from './trx.ts';
import type { XmlReport } from './xml.ts';

/** Bytes of one report; of one in JSON, which is parsed at once; and of all reports of a job. */
const largest = 10_000_000;
const largestJson = 4_000_000;
const mostBytes = 100_000_000;
/** Reports of one job, and entries of folders that are visited to find them. */
const mostFiles = 2000;
const mostEntries = 200_000;
/** Characters of all globs together. */
const mostCharacters = 5000;
/** Characters from which the kind of a report is recognised. */
const longestBegin = 100_000;
/** Characters in which the outermost element of a report in XML begins. */
const longestProlog = 2000;
/** Characters that are parsed before other work runs. */
const slice = 32_768;

/** Parses a report in JSON, in a process that can be killed. @throws Error if it is not one */
export type ReadJson = (text: string) => Promise<FoundTest[]>;

/**
 * Globs of reports below a folder; without a slash at its beginning, a glob may begin with `**` to match at any depth.
 */
export interface ReportGlobs {
  folder: string;
  globs: readonly string[];
}

class EmptyReport extends Error {}

/** Reads the reports of one job. One that cannot be read is left out with a sentence about it. */
export class ReportReader {
  readonly #tests: TestCollection;
  /** a report that two globs or two steps match counts once */
  readonly #seen = new Set<string>();
  #left = mostBytes;
  readonly #budget = new SearchBudget();
  readonly #readJson: ReadJson;
  /** the runners that have told how many tests there were, even if that was zero */
  readonly runners: Runner[] = [];
  #isWhole = true;

  constructor(tests: TestCollection, readJson: ReadJson) {
    this.#tests = tests;
    this.#readJson = readJson;
  }

  /** Whether all reports were read. An empty one is: its runner was ended before it wrote anything. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Leaves out the reports that are there before the job begins, unless something of the job writes them again. */
  async leaveOut({ folder, globs }: ReportGlobs): Promise<void> {
    for (const path of await this.#find(folder, globs, () => undefined)) this.#isNew(folder, join(folder, path));
  }

  /**
   * @param problem takes a sentence about each report that is left out
   * @returns the number of files that match the globs
   */
  async read({ folder, globs }: ReportGlobs, problem: (sentence: string) => void): Promise<number> {
    const paths = await this.#find(folder, globs, problem);
    for (const path of paths) {
      const file = join(folder, path);
      try {
        if (!this.#isNew(folder, file)) continue;
        const text = readInside(folder, file, Math.min(largest, this.#left));
        this.#left -= text.length;
        // reading a large report takes some time by itself
        await setImmediate();
        await this.#readReport(path, text);
      } catch (error) {
        if (!(error instanceof EmptyReport)) this.#isWhole = false;
        problem(`the report ${path} is left out: ${errorText(error).split('\n', 1)[0]?.slice(0, 300)}`);
      }
    }
    return paths.length;
  }

  #isNew(folder: string, file: string): boolean {
    const found = statInside(folder, file);
    const identity = `${file} ${found?.ino} ${found?.size} ${found?.mtimeMs}`;
    if (this.#seen.has(identity)) return false;
    this.#seen.add(identity);
    return true;
  }

  async #readReport(path: string, text: string): Promise<void> {
    const tests = this.#tests;
    if (text.trim() === '') throw new EmptyReport('it is empty');
    const begin = text.slice(0, longestBegin);
    if (/<TestRun\s/.test(begin.slice(0, longestProlog))) return this.#readXml(text, new TrxParser(), 'the TRX report');
    if (/\.xml$/i.test(path) || /^\s*<\?xml/.test(begin)) {
      return this.#readXml(text, new JUnitParser(), 'the JUnit report');
    }
    // Go has one event a line
    if (/^\s*\{/.test(begin) && !/^\s*\{.*"Action":/.test(begin)) {
      if (text.length > largestJson) throw new Error(`it is larger than ${largestJson / 1_000_000} MB`);
      await addAll(await this.#readJson(text), tests);
      this.runners.push({ name: 'the JSON report' });
      return;
    }
    const lines = new OutputTests();
    const bytes = Buffer.from(text);
    for (let from = 0; from < bytes.length; from += slice) {
      lines.push(bytes.subarray(from, from + slice));
      await setImmediate();
    }
    const before = tests.seen;
    const { runners } = await lines.end(tests);
    this.runners.push(...runners);
    if (tests.seen === before && runners.length === 0) throw new Error('its format is not known');
  }

  async #readXml(text: string, parser: XmlReport, name: string): Promise<void> {
    try {
      for (let from = 0; from < text.length; from += slice) {
        parser.write(text.slice(from, from + slice));
        await setImmediate();
      }
      parser.end();
      this.runners.push({ name });
    } finally {
      // the complete tests of a report that breaks off still count
      await addAll(parser.tests, this.#tests);
    }
  }

  /** Paths below the folder, in order. Links are not followed. */
  async #find(folder: string, globs: readonly string[], problem: (sentence: string) => void): Promise<string[]> {
    const found: string[] = [];
    try {
      const patterns = globsOf(globs, this.#budget);
      const enter = (path: string, name: string) =>
        name !== 'node_modules' && name !== '.git' && patterns.some((pattern) => pattern.mayLeadInto(path));
      let entries = 0;
      for await (const { path, isFile } of walkInside(folder, '', enter)) {
        await this.#budget.next();
        if (++entries > mostEntries) throw new StepFault(`there are more than ${mostEntries}`);
        if (found.length >= mostFiles) throw new StepFault(`there are more than ${mostFiles}`);
        if (isFile && patterns.some((pattern) => pattern.matches(path))) found.push(path);
      }
    } catch (error) {
      this.#isWhole = false;
      problem(`could not search all files of the job for reports: ${errorText(error)}`);
    }
    return found.sort();
  }
}

/** @throws StepFault if they are too many or too long */
function globsOf(globs: readonly string[], budget: SearchBudget): Glob[] {
  const texts = globs.flatMap((glob) => expandBraces(glob.replace(/^\.?\//, '')));
  if (texts.reduce((sum, text) => sum + text.length, 0) > mostCharacters) {
    throw new StepFault(`the globs have more than ${mostCharacters} characters together`);
  }
  return texts.map((text) => new Glob(text, budget));
}
