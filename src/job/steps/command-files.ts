import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { JobUser } from '../../exec/isolation.ts';
import { systemCode } from '../../kernel/errors.ts';
import { StepFault } from '../fault.ts';
import { removeInside, writeInside } from '../files/hand-over.ts';
import { readInside } from '../files/inside.ts';
import { parseEnvironmentFile, parsePathFile } from './environment-file.ts';

/** The files by which a step hands something on, by the variable that names each. */
const names = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_PATH', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const;
type Name = (typeof names)[number];

/** Bytes that one file may have: it is read at once, and no program can be started with more in its environment. */
const largestFile = 1_048_576;
/** Characters of a file that takes more than a millisecond. */
const largeFile = 65_536;
/** Bytes that a summary may have; it travels in a message with those of the job's other steps. */
export const largestSummary = 131_072;

/** What a step has written into its files. */
export interface HandedOn {
  env: [name: string, value: string][];
  output: [name: string, value: string][];
  path: string[];
  state: [name: string, value: string][];
  summary: string;
}

/**
 * The files of one step. They are new for each step, so that what one has written is read once. Being small and many,
 * they are written and read at once: waiting for each would take ten times as long.
 */
export class CommandFiles {
  readonly #folder: string;
  readonly #id = randomUUID();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @param folder that the job cannot exchange for another
   * @param owner whose the files are; Volt's where it is undefined
   */
  static create(folder: string, owner: JobUser | undefined): CommandFiles {
    const files = new CommandFiles(folder);
    for (const name of names) writeInside(folder, files.#pathOf(name), '', owner);
    return files;
  }

  get variables(): Record<string, string> {
    return Object.fromEntries(names.map((name) => [name, this.#pathOf(name)]));
  }

  /**
   * @throws StepFault where a file does not hold what it should; the rest of the files does not count then
   */
  async read(): Promise<HandedOn> {
    return {
      env: await this.#pairs('GITHUB_ENV'),
      output: await this.#pairs('GITHUB_OUTPUT'),
      path: parsePathFile(await this.#text('GITHUB_PATH')),
      state: await this.#pairs('GITHUB_STATE'),
      summary: await this.#text('GITHUB_STEP_SUMMARY'),
    };
  }

  remove(): void {
    for (const name of names) removeInside(this.#folder, this.#pathOf(name));
  }

  async #pairs(name: Name): Promise<[string, string][]> {
    const text = await this.#text(name);
    try {
      return parseEnvironmentFile(text);
    } catch (error) {
      if (error instanceof StepFault) throw new StepFault(`Unable to process the file ${name}: ${error.message}`);
      throw error;
    }
  }

  async #text(name: Name): Promise<string> {
    try {
      const text = readInside(this.#folder, this.#pathOf(name), largestFile);
      // a large one takes some time to read and to parse, and others have their turn in between
      if (text.length > largeFile) await setImmediate();
      return text;
    } catch (error) {
      // a step may remove what it does not need
      if (systemCode(error) === 'ENOENT') return '';
      throw systemCode(error) === undefined
        ? error
        : new StepFault(`Unable to read the file ${name}: ${(error as Error).message}`);
    }
  }

  #pathOf(name: Name): string {
    return join(this.#folder, `${name.replace(/^GITHUB_/, '').toLowerCase()}_${this.#id}`);
  }
}
