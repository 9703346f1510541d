import { setImmediate } from 'node:timers/promises';
import { StepFault } from '../fault.ts';
import type { MatchCost } from './glob.ts';

/** Comparisons that the patterns of one job may take together; they take some ten seconds. */
const mostSteps = 2_000_000_000;
/** Comparisons after which other work may run; they take some five milliseconds. */
const stepsAtOnce = 1_000_000;
/** Files and folders that the patterns of one job may visit. */
const mostEntries = 2_000_000;
/** Files and folders after which other work may run. */
const entriesAtOnce = 1000;

/** Limits the search of one job for files by patterns. */
export class SearchBudget implements MatchCost {
  steps = 0;
  #entries = 0;
  #pausedAt = 0;

  /**
   * To be called for each visited file or folder; nothing may take long between two calls.
   * @throws StepFault if the job has used up its budget
   */
  async next(): Promise<void> {
    if (this.steps > mostSteps)
      throw new StepFault(`the job's patterns for paths take too long: more than ${mostSteps} comparisons`);
    if (++this.#entries > mostEntries)
      throw new StepFault(`the job's patterns for paths lead to more than ${mostEntries} files and folders`);
    if (this.steps - this.#pausedAt < stepsAtOnce && this.#entries % entriesAtOnce !== 0) return;
    this.#pausedAt = this.steps;
    await setImmediate();
  }
}
