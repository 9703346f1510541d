import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { JobUser } from '../../exec/isolation.ts';
import { systemCode } from '../../kernel/errors.ts';
import { StepFault } from '../fault.ts';
import { removeInside, writeInside } from '../files/hand-over.ts';
import { readInside } from '../files/inside.ts';
import { parseEnvironmentFile, parsePathFile } from './environment-file.ts';

/** The files in which a step writes its results, by the variable that names each. */
const names = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_PATH', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const;
type Name = (typeof names)[number];

/** Bytes of one file: it is read at once, and no program can be started with more in its environment. */
const largestFile = 1_048_576;
/** Characters of a file that takes more than a millisecond to parse. */
const largeFile = 65_536;
/** Bytes of a summary; one message contains those of all the job's steps. */
export const largestSummary = 131_072;

/** The content of a step's files. */
export interface StepFiles {
  env: [name: string, value: string][];
  output: [name: string, value: string][];
  path: string[];
  state: [name: string, value: string][];
  summary: string;
}

/**
 * The files of one step. Each step has new ones, so that each is read once. They are small and many, so they are
 * written and read synchronously: to wait for each would take ten times as long.
 */
export class CommandFiles {
  readonly #folder: string;
  readonly #id = randomUUID();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @param folder that the job cannot replace
   * @param owner of the files; Volt's user if undefined
   */
  static create(folder: string, owner: JobUser | undefined): CommandFiles {
    const files = new CommandFiles(folder);
    for (const name of names) writeInside(folder, files.#pathOf(name), '', owner);
    return files;
  }

  get variables(): Record<string, string> {
    return Object.fromEntries(names.map((name) => [name, this.#pathOf(name)]));
  }

  /** @throws StepFault if a file is not valid; then the other files do not count either */
  async read(): Promise<StepFiles> {
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
      // a large file takes some time to parse; other work runs first
      if (text.length > largeFile) await setImmediate();
      return text;
    } catch (error) {
      // a step may remove a file that it does not need
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
